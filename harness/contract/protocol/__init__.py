"""Protocols as data files: paths, readiness, shapes of requests and errors, dialects."""
