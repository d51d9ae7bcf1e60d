"""The service inside the bento, and how the bento is made."""
