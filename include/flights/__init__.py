"""The reference pipeline: one module per stage. Replace this folder with your own."""
