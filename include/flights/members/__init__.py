"""The models that may serve, alone or blended: which there are, and what they said."""
