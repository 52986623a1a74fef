"""What nobody can save: both models over the rows in a plain loop, one thread, nothing counted.

    python -m benchmarks.pairs.bare REFERENCE CANDIDATE ROWS.npy BATCH COUNT

Prints JSON: seconds of the loop, seconds of loading, and the process's peak memory in MiB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Run = Callable[[NDArray[Any]], object]


@dataclass(frozen=True, slots=True)
class Bare:
    """One loop."""

    seconds: float  # without loading
    cpu: float  # of them on a processor, which does not depend on what else the machine does
    loading: float  # seconds
    peak: float  # MiB


def measure(reference: Path, candidate: Path, rows: Path, batch: int, count: int) -> Bare:
    """The loop in a process of its own, over the first `count` rows."""
    command = [sys.executable, "-m", __name__, reference, candidate, rows, batch, count]
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True)
    return Bare(**json.loads(done.stdout.splitlines()[-1]))


def peak(process: int | str = "self") -> float:
    """Most memory in MiB that the process ever held; 0.0 where it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) / 1024 if found else 0.0


def onnx(path: str, batch: int) -> Run:
    """An onnxruntime session of one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda rows: session.run(None, {name: rows})


def litert(path: str, batch: int) -> Run:
    """A LiteRT interpreter of one thread; rows beyond the last whole batch are not asked for."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(path, num_threads=1)
    slot = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(slot["index"], [batch, *slot["shape"][1:]])
    interpreter.allocate_tensors()
    output = interpreter.get_output_details()[0]["index"]

    def run(rows: NDArray[Any]) -> object:
        interpreter.set_tensor(slot["index"], rows)
        interpreter.invoke()
        return interpreter.get_tensor(output)

    return run


def main(arguments: list[str]) -> None:
    """Load, loop, print."""
    *models, rows = arguments[:3]
    batch, count = map(int, arguments[3:])
    began = time.perf_counter()
    runs = [(litert if model.endswith(".tflite") else onnx)(model, batch) for model in models]
    loading = time.perf_counter() - began
    data = np.load(rows, mmap_mode="r")
    began, worked = time.perf_counter(), time.process_time()
    for start in range(0, count, batch):
        part = data[start : start + batch]
        for run in runs:
            run(part)
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    print(json.dumps(asdict(Bare(seconds, cpu, loading, peak()))))


if __name__ == "__main__":
    main(sys.argv[1:])
