"""How tables are held against suites of Great Expectations."""
