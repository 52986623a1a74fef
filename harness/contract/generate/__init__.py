"""Instances of JSON Schemas: what is drawn as valid is valid."""

from harness.contract.generate.conjunction import Impossible
from harness.contract.generate.drawer import Drawer

__all__ = ["Drawer", "Impossible"]
