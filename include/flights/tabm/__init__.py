"""The network of torch (TabM): its layers, its training and its files."""
