"""Bytes to and from a service that nobody trusts: bounded HTTP, strict JSON, curl lines."""
