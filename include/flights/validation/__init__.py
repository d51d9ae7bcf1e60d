"""How tables are held against the suites in include/flights/expectations."""
