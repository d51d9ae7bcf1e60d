"""Feast on polars: the offline store, and the way to open a repository."""
