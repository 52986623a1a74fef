"""Reading model files in a process of its own: `python -m harness.contract.signatures.worker`.

A model file is somebody else's, its readers are native code, and TensorFlow takes half a gigabyte:
whatever happens to this process, the gate only reads its last words.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from harness.contract.text import shown
from harness.errors import ConfigError

_WITHIN = 120.0  # seconds; TensorFlow alone takes five on a good day
_MEMORY = 4 << 30
_LONGEST = 4 << 20  # bytes of an answer
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")


def ask(reader: str, path: Path) -> Any:
    """What `reader`, one of READERS, makes of the file. Raises ConfigError."""
    command = [sys.executable, "-P", "-m", __name__, reader, str(path)]
    try:
        done = subprocess.run(
            command, capture_output=True, env=_environment(), timeout=_WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{path}: could not be read within {_WITHIN:g} s") from None
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise ConfigError(f"{path}: the process that read it was killed by {name}; is it corrupt?")
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [b"no message"]
        raise ConfigError(f"{path}: {shown(last[0])}")
    return json.loads(done.stdout[:_LONGEST])


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "TF_ENABLE_ONEDNN_OPTS": "0"}
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**kept, **quiet, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}


def _read_onnx(path: Path) -> Any:
    """Graph inputs that no initializer fills, and outputs: [[name, type, shape], ...] of both."""
    import onnx

    graph = onnx.load(str(path), load_external_data=False).graph
    filled = {item.name for item in graph.initializer}
    inputs = [item for item in graph.input if item.name not in filled]
    return [list(map(_onnx_tensor, inputs)), list(map(_onnx_tensor, graph.output))]


def _onnx_tensor(item: Any) -> list[Any]:
    import onnx

    if item.type.WhichOneof("value") != "tensor_type":
        return [item.name, item.type.WhichOneof("value") or "nothing", None]
    tensor = item.type.tensor_type
    shape = None
    if tensor.HasField("shape"):
        shape = [
            size.dim_value if size.HasField("dim_value") else size.dim_param or None
            for size in tensor.shape.dim
        ]
    return [item.name, onnx.TensorProto.DataType.Name(tensor.elem_type).lower(), shape]


def _read_savedmodel(path: Path) -> Any:
    """The signatures of a SavedModel, in the words of TensorFlow Serving's metadata.

    Only its description is parsed: no graph is loaded and nothing of it is run.
    """
    try:
        from tensorflow.core.protobuf import saved_model_pb2
    except ImportError as problem:
        raise ConfigError(
            f"a SavedModel needs tensorflow ({problem}); pip install 'releasegate[tensorflow]'"
        ) from None
    from google.protobuf import json_format

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((path / "saved_model.pb").read_bytes())
    for graph in model.meta_graphs:
        if "serve" in graph.meta_info_def.tags:
            signatures = {
                name: json_format.MessageToDict(found, preserving_proto_field_name=True)
                for name, found in graph.signature_def.items()
            }
            return {"metadata": {"signature_def": {"signature_def": signatures}}}
    raise ConfigError("has no graph that is tagged 'serve'")


READERS = {"onnx": _read_onnx, "savedmodel": _read_savedmodel}


def main(reader: str, path: str) -> int:
    """Write what the reader finds to standard output, as JSON."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = READERS[reader](Path(path))
    except (Exception, MemoryError) as problem:
        name = (
            ""
            if isinstance(problem, ConfigError)
            else f"cannot be read: {type(problem).__name__}: "
        )
        print(f"{name}{problem}".replace("\n", " ")[:2000], file=sys.stderr)
        return 1
    with answers:
        json.dump(found, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
