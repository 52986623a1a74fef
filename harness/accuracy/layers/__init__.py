"""Where a candidate goes wrong: noise of every tensor, the first layer that breaks, what to do."""
