"""Leeway: one DVC graph, two runners."""
