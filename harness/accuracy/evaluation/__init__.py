"""Evaluation: a data set cut into blocks, each counted alike wherever it is computed.

A job names everything that its counts depend on; a block is a fixed set of its rows. Whoever
computes a block, in whichever order, in this process's children, in a shard on another machine or
on a cluster, comes to the same counts, and they are folded in the order of the blocks.
"""

from __future__ import annotations

from harness.accuracy.evaluation.job import Identity, Job, Pair, blocks_of
from harness.accuracy.evaluation.local import Workers, run_blocks

__all__ = ["Identity", "Job", "Pair", "Workers", "blocks_of", "run_blocks"]
