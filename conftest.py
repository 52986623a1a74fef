"""Only what this checkout's own tests need."""

pytest_plugins = ["pytester"]
