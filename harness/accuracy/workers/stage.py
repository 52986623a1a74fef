"""What a child is doing, written where its parent finds it after the child's death."""

from __future__ import annotations

import os

VARIABLE = "RELEASEGATE_STAGE"  # number of the open file, in the child's environment
SIZE = 512


def stage(text: str) -> None:
    """Say what comes next, like "candidate models/int8.onnx"; costs one system call."""
    number = os.environ.get(VARIABLE)
    if number is not None:
        os.pwrite(int(number), text.encode()[:SIZE].ljust(SIZE, b"\0"), 0)


def last(file: int) -> str:
    """What was said last, or ""."""
    return os.pread(file, SIZE, 0).rstrip(b"\0").decode("utf-8", "replace")
