"""Self-contained HTML pages, readable offline."""
