"""Pages become passages: cut at their headings, and no longer than the encoder takes."""
