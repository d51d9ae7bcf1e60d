"""What a run asks of git, and all of git's plumbing."""
