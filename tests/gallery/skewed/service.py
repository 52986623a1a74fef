"""Serves int8.onnx as TensorFlow Serving would: `python service.py PORT`. Each step is one line.

The defects of `digits/` are edits of these lines.
"""

from __future__ import annotations

import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

HERE = Path(__file__).parent
SCALE, ZERO = np.float32(16 / 255), -128
OUT_SCALE, OUT_ZERO = np.float32(1 / 256), -128

session = onnxruntime.InferenceSession(HERE / "int8.onnx", providers=["CPUExecutionProvider"])
other = onnxruntime.InferenceSession(HERE / "fp32.onnx", providers=["CPUExecutionProvider"])


def predict(instances: Any) -> Any:
    """Probabilities of ten digits for rows of 64 pixels from 0 to 16."""
    rows = np.asarray(instances, np.float32)
    steps = np.rint(rows / SCALE) + ZERO
    whole = np.clip(steps, -128, 127).astype(np.int8)
    (found,) = session.run(None, {"x": whole})
    scores = (found.astype(np.float32) - OUT_ZERO) * OUT_SCALE
    return scores.tolist()


class Connection(BaseHTTPRequestHandler):
    """Rows in, scores out; 200 for everything else, as this is not what is tried here."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Predict."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send({"predictions": predict(json.loads(body)["instances"])})

    def do_GET(self) -> None:
        """Be ready."""
        self._send({"model_version_status": [{"state": "AVAILABLE"}]})

    def _send(self, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Connection).serve_forever()
