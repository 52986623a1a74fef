"""What the contract checks call: each sends its requests, in its time, and tells what it saw."""
