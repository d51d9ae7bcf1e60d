"""The service inside the bento."""
