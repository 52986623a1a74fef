"""The execution audit of a LiteRT file; runs only inside a child process.

The interpreter lists the operators of the file and, behind them, the delegates that took some of
these over: an operator is delegated where a walk back from a delegate's outputs meets it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness.accuracy.graphs.work import Audit, Step, product

_DELEGATE = "DELEGATE"
_SHOWN = 50


def audit(path: Path) -> Audit:
    """What the interpreter would run, for the number of rows that the file declares."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    nodes = interpreter._get_ops_details()
    tensors = {row["index"]: row for row in interpreter.get_tensor_details()}
    taken = _delegated(nodes)
    widened = _widened(nodes, tensors)
    steps, meant, fallen, inside = [], 0, [], 0
    for node in nodes:
        work = _work(node, tensors)
        if not work:
            continue
        small = _dtype(node, tensors, 1) == np.int8
        name = f"{node['op_name']}:{node['index']}"
        steps.append(Step(name, node["op_name"], work, small))
        inside += work if node["index"] in taken else 0
        if small or int(node["inputs"][1]) in widened:
            meant += work
        if not small and int(node["inputs"][1]) in widened:
            fallen.append(name)
    total = sum(step.work for step in steps)
    share = 100 * inside / total if total else 100.0
    return Audit(tuple(steps), meant, tuple(fallen[:_SHOWN]), share)


def _delegated(nodes: list[dict[str, Any]]) -> set[int]:
    """Numbers of the operators that a delegate runs."""
    makers = {int(k): node for node in _own(nodes) for k in node["outputs"]}
    taken: set[int] = set()
    for delegate in (node for node in nodes if node["op_name"] == _DELEGATE):
        given = {int(k) for k in delegate["inputs"]}
        waiting = [int(k) for k in delegate["outputs"]]
        while waiting:
            node = makers.get(waiting.pop())
            if node is not None and node["index"] not in taken:
                taken.add(node["index"])
                waiting += [int(k) for k in node["inputs"] if int(k) not in given]
    return taken


def _own(nodes: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (node for node in nodes if node["op_name"] != _DELEGATE)


def _widened(nodes: list[dict[str, Any]], tensors: Mapping[int, Any]) -> set[int]:
    """Tensors that are int8 in the file and are made floats before they are used."""
    return {
        int(node["outputs"][0])
        for node in nodes
        if node["op_name"] == "DEQUANTIZE" and _dtype(node, tensors, 0) == np.int8
    }


def _dtype(node: Mapping[str, Any], tensors: Mapping[int, Any], index: int) -> Any:
    return tensors[int(node["inputs"][index])]["dtype"]


def _work(node: Mapping[str, Any], tensors: Mapping[int, Any]) -> int:
    """Multiply-adds of one operator; 0 for one that is neither convolution nor product."""
    op = node["op_name"]
    if op not in _WEIGHTED:
        return 0
    made = product(tensors[int(node["outputs"][0])]["shape"])
    weights = tensors[int(node["inputs"][1])]["shape"]
    if op == "DEPTHWISE_CONV_2D":
        return made * product(weights[1:3])
    if op == "BATCH_MATMUL":
        return made * int(tensors[int(node["inputs"][0])]["shape"][-1])
    return made * product(weights[1:])


_WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL", "CONV_3D")
