"""`python -m harness.load.locustside -f locustfile.py ...`: Locust with the gate's hooks in it.

The hooks are imported before Locust puts the user's folder on the path, so that a folder of the
user's that is named like one of ours cannot stand in for it.
"""

from __future__ import annotations

import locust.main
from locust import events

from harness.load.locustside.session import install

install(events)
locust.main.main()  # type: ignore[no-untyped-call]
