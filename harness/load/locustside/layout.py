"""The layout of what Locust's process leaves on disk: written there, read by `record.py`."""

from __future__ import annotations

import struct
from typing import Any

RECORDS = "requests.bin"
EVENTS = "events.jsonl"
ANSWERS = "answers.jsonl"
REQUESTS = "requests.jsonl"
LOG = "locust.log"

# planned, sent (seconds of time.monotonic()), service (seconds), HTTP status or 0, name id,
# answer id, flags, phase: 32 bytes, little-endian, no padding.
ROW = struct.Struct("<ddfhHIHH")

TICKET = 1  # carries a planned start; without it, a further request of the same task
FAILED = 2
QUEUED = 4  # at the planned start every user was busy: what is late is not the client's doing
UNSENT = 8  # no user ever became free to send it
UNANSWERED = 16  # still waiting when the phase ended
SILENT = 32  # the task ended without any request
RETRIED = 64  # sent again on a fresh connection, as the kept one had been closed meanwhile
CONNECTED = 1024  # a connection was opened for it
DOUBTFUL = 2048  # set by the gate: its answer may have been wrong, like others of the same run

# Why there was no right answer, in bits 7 to 9 of the flags.
WHY_SHIFT = 7
NONE = 0
REFUSED = 1  # nobody listened
RESET = 2  # the connection was reset
CLOSED = 3  # the connection ended before the answer did
TIMEOUT = 4
FRAMING = 5  # what came was not proper HTTP
STATUS = 6  # another status than 200, or than the recorded one
OTHER = 7

NO_ANSWER = 0  # answer id: none was kept
DROPPED_ANSWER = 0xFFFFFFFF  # answer id: there was no room left to keep it
MOST_NAMES = 1000
OTHER_NAME = "(other)"

FLUSH = 0.05  # seconds between two writings of rows while a phase of this process runs
BEAT = 0.25  # seconds between two signs of life while a phase runs

# How the two processes find each other.
VARIABLE = "RELEASEGATE_LOAD"

# With these codes Locust's process ends itself.
EXIT_REFUSED = 70
EXIT_DISK = 74
EXIT_ALONE = 75  # the gate has gone


def why(flags: Any) -> Any:
    """The reason in the flags of a row, or in those of an array of rows: NONE to OTHER."""
    return (flags >> WHY_SHIFT) & 7


def schedule(phase: int) -> str:
    """Name of the file of planned starts of a phase: little-endian f8, seconds from its zero."""
    return f"schedule-{phase}.f64"
