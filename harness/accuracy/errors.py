"""What can go wrong while two models are compared; each of these makes a check errored."""

from __future__ import annotations

from harness.errors import GateError


class DatasetError(GateError):
    """The data set cannot be read, or does not fit what is asked of it."""


class ModelError(GateError):
    """A model cannot be loaded, or refuses the rows, or answers in a form nobody can compare."""


class WorkerDied(GateError):
    """The process that ran a model has died or hung; the message names the signal."""
