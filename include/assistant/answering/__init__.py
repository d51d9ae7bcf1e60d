"""From the passages that were found to an answer that cites them, or a refusal that says why."""
