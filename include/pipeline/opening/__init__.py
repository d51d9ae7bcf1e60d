"""A run is opened: its workspace, its values, and what has nothing to do."""
