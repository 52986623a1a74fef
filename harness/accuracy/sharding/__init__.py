"""Evaluation past one machine: shards that are files, and clusters that are asked for blocks."""

from __future__ import annotations

from harness.accuracy.sharding.document import Header, Place
from harness.accuracy.sharding.merge import Merged, merge
from harness.accuracy.sharding.shard import write_shard

__all__ = ["Header", "Merged", "Place", "merge", "write_shard"]
