"""What experiments say of the runs that they are of."""
