"""What the months of flights are watched by."""
