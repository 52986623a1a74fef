"""What the endpoint used meanwhile, tied to the requests that it answered."""
