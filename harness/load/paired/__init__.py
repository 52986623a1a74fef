"""Candidate beside baseline: short blocks in turns, and the ratio of the two."""
