"""What both models share, and the network: rows in, probabilities out."""
