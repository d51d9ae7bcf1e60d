"""What both kinds of models share: flights by month, as numbers and codes, and their scores."""
