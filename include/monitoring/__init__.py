"""Tables in, numbers out: what changed between two samples."""
