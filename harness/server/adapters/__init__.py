"""One controller's way of asking in each module: `router(service)` is all that it has to have."""
