"""How models are compared, chosen and judged."""
