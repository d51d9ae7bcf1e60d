"""Whether the model of a run may take the champion's place."""
