"""Teach a language model to answer from passages: off by default, as it wants a GPU and a model."""
