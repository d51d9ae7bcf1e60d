"""The assistant as a service: what the bento runs."""
