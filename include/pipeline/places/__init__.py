"""Where a stage runs: a process of its task, or a container or pod with the same workspace."""
