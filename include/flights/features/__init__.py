"""What was known of the flights at a time."""
