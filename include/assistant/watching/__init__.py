"""What questions to the assistant are watched by."""
