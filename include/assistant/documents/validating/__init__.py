"""Passages are held against the suite in include/assistant/expectations."""
