"""A run is closed: one experiment, its data where others find it, its workspace gone."""
