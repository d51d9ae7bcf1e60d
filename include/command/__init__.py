"""The command `leeway`, for any DVC repository."""
