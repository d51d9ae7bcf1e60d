"""Incidents that are planted on purpose, so that it is known what an investigation should find."""
