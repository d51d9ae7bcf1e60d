"""The second project: an assistant for those who run this. Replace or delete the folder."""
