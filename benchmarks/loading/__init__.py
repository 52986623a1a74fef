"""The parts of `benchmarks.load`: servers of known behaviour, other clients, what is compared."""
