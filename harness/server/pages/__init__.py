"""Pages for people, one module each: `router(service)` is all that it has to have."""
