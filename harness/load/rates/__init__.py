"""How much it bears: the highest rate, and what becomes of twice that."""
