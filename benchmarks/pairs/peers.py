"""What peers need to compare a pair of models.

    python peers.py TOOL REFERENCE CANDIDATE ROWS.npy BATCH COUNT

Runs in the peers' environment. TOOL is polygraphy-simple, polygraphy-cosine, polygraphy-indices
(ONNX) or ai-edge-quantizer (LiteRT, outputs only, one row at a time as its makers do). Prints JSON:
rows, and seconds of the comparison without imports.
"""

from __future__ import annotations

import io
import json
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def polygraphy(function: str, models: list[str], rows: NDArray[Any], batch: int) -> float:
    """Seconds of `Comparator.run` and `compare_accuracy`, whose log is kept to errors."""
    from polygraphy import comparator
    from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx
    from polygraphy.logger import G_LOGGER

    G_LOGGER.module_severity = G_LOGGER.ERROR
    feeds = [{"x": rows[start : start + batch]} for start in range(0, len(rows), batch)]
    compare = {
        "simple": comparator.SimpleCompareFunc,
        "indices": comparator.IndicesCompareFunc,
        "cosine": comparator.CosineSimilarityCompareFunc,
    }[function]()
    began = time.perf_counter()
    runners = [OnnxrtRunner(SessionFromOnnx(model, providers=["cpu"])) for model in models]
    results = comparator.Comparator.run(runners, data_loader=feeds)
    comparator.Comparator.compare_accuracy(results, compare_func=compare)
    return time.perf_counter() - began


def ai_edge_quantizer(models: list[str], rows: NDArray[Any]) -> float:
    """Seconds of `compare_model` with its default metric, on outputs alone and one thread."""
    from ai_edge_quantizer import model_validator
    from ai_edge_quantizer.utils import tfl_interpreter_utils

    reference, candidate = (Path(model).read_bytes() for model in models)
    interpreter = tfl_interpreter_utils.create_tfl_interpreter(reference)
    (key,) = interpreter.get_signature_list()
    (name,) = interpreter.get_signature_list()[key]["inputs"]
    data = {key: [{name: rows[at : at + 1]} for at in range(len(rows))]}
    began = time.perf_counter()
    model_validator.compare_model(
        reference, candidate, data, num_threads=1, validate_output_tensors_only=True
    )
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    """Compare, print."""
    tool, *models, path = arguments[:4]
    batch, count = map(int, arguments[4:])
    rows = np.load(path, mmap_mode="r")[:count]
    with redirect_stdout(io.StringIO()):
        if tool == "ai-edge-quantizer":
            seconds = ai_edge_quantizer(models, rows)
        else:
            seconds = polygraphy(tool.partition("-")[2], models, rows, batch)
    print(json.dumps({"rows": len(rows), "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1:])
