"""The accepted release: its answers recorded, and the candidate held against them."""
