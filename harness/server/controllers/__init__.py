"""What the controller adapters need beside HTTP: PromQL, live counts, and what to make of them."""
