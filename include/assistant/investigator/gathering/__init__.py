"""Evidence gathered from what runs leave behind: git, published reports, logs of tasks, alerts."""
