"""Documents: where they come from, how pages become passages, and which passages are kept."""
