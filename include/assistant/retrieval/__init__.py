"""How passages are found: an encoder, statistics of words, exact search, and copies in stores."""
