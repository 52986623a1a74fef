"""The parts of `benchmarks.server`: a ledger of a million reports, the service, what asks it."""
