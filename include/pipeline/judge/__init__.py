"""What DVC thinks of a run as a whole: in a DVC process of the worker, never in a container."""
