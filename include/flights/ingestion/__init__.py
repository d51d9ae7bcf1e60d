"""How raw tables are found, read and typed."""
