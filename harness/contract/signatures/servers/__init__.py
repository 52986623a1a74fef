"""Sources that a server answers: each has `claims(document)` and `read(document, name, path)`."""
