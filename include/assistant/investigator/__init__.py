"""The investigator: from the evidence of a run to a note on what went wrong, each claim cited."""
