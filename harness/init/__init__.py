"""`gate init`: from a running service to a gate.toml, schemas and examples that it passes."""

from __future__ import annotations

from harness.init.conduct import Wish, initialise
from harness.init.given import requests

__all__ = ["Wish", "initialise", "requests"]
