"""Pairs of a float and an int8 model with their rows, and what it costs others to compare them."""
