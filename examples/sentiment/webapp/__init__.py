"""The sentiment service: what goes into the image."""

import os

# onnxruntime reports its use to its makers unless told otherwise before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
