"""Sources that are files: each has `claims(path)` and `read(path)`."""
