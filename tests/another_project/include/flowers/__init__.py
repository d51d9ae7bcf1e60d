"""Which irises are virginica? Fisher's flowers (1936), as scikit-learn holds them."""
