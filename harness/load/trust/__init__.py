"""Whether a run shows what it should: what disturbed it, and how near it came to the floor."""
