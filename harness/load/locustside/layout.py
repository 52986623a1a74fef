"""The layout of what Locust's process leaves on disk: written there, read by `record.py`."""

from __future__ import annotations

import struct

RECORDS = "requests.bin"
EVENTS = "events.jsonl"
ANSWERS = "answers.jsonl"
SCHEDULE = "schedule.f64"
REQUESTS = "requests.json"
LOG = "locust.log"

# planned, sent (seconds of time.monotonic()), service (seconds), HTTP status or 0, name id,
# answer id, flags: 32 bytes, little-endian, no padding.
ROW = struct.Struct("<ddfhHII")

TICKET = 1  # carries a planned start; without it, a further request of the same task
FAILED = 2
QUEUED = 4  # at the planned start every user was busy: what is late is not the client's doing
UNSENT = 8  # no user ever became free to send it
UNANSWERED = 16  # still waiting when the run ended
SILENT = 32  # the task ended without any request
RETRIED = 64  # sent again on a fresh connection, as the kept one had been closed meanwhile

NO_ANSWER = 0  # answer id: none was kept
DROPPED_ANSWER = 0xFFFFFFFF  # answer id: there was no room left to keep it
MOST_NAMES = 1000
OTHER_NAME = "(other)"

# How the two processes find each other.
VARIABLE = "RELEASEGATE_LOAD"
