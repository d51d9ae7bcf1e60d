"""Pages about many runs, and about one: their verdicts, numbers, reports and changes."""
