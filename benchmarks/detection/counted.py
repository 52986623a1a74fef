"""Runs a service of the gallery and counts its requests: `python counted.py LOG SCRIPT PORT`.

LOG gets one byte for each request, when it arrives. It runs outside of the checkout, beside the
service's own modules.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import Any


def main(log: str, script: str, port: str) -> None:
    """Serve until SIGTERM."""
    sys.path.insert(0, str(Path(script).resolve().parent))
    web: Any = __import__("web")
    answer = web._Connection._answer
    counter = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def counted(connection: Any) -> None:
        os.write(counter, b".")
        answer(connection)

    web._Connection._answer = counted
    sys.argv = [script, port]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:4])
