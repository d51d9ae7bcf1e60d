"""Pages are had from packages, folders and URLs: all of a source, or an error."""
