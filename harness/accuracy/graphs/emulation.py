"""Some rows through the candidate's file on an emulated processor, beside the same rows here.

qemu-user runs interpreter and runtime as they are; its Haswell has AVX2 and neither AVX-512 nor
VNNI, so that the runtime chooses the kernels of such a machine. It says nothing about speed.
"""

from __future__ import annotations

import platform
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from harness import Finding, GateError, Measurement, Severity, cpuinfo
from harness.accuracy.backends.model import Model, ModelSpec
from harness.accuracy.backends.running import choose
from harness.accuracy.graphs import processor
from harness.accuracy.graphs.differences import Difference, differ
from harness.accuracy.graphs.subject import is_onnx, part, rows_of, subject
from harness.accuracy.workers import Array

if TYPE_CHECKING:
    from harness.config import Gate

CPUS = {"haswell": "Haswell-v4"}
_PROGRAMS = ("qemu-x86_64-static", "qemu-x86_64")
_ROWS = 400
_SECONDS = 60.0  # after which no more rows are begun: one of a large model takes seconds
_FIRST = 8  # rows; then twice as many, as long as there is time
_EXACT = {"session.x64quantprecision": "1"}  # onnxruntime: sums of int8 products never overflow


@dataclass(frozen=True, slots=True)
class Emulated:
    """The same rows on two processors."""

    rows: int
    difference: Difference
    exact: bool  # the comparison run here was told to avoid saturation


def launcher(cpu: str) -> list[str]:
    """The words that start a program on that emulated processor.

    Raises GateError where there is no emulator, or this is no machine that it can stand on.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        raise GateError(
            f"accuracy.emulate = {cpu!r}: this is a {platform.machine()} machine, and the runtime "
            "that is installed here does not run on an emulated x86-64 processor; run the gate "
            "on an x86-64 machine"
        )
    program = next((found for name in _PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise GateError(
            f"accuracy.emulate = {cpu!r}: there is no {_PROGRAMS[0]} on this machine; install it "
            "with: apt-get install qemu-user-static"
        )
    return [program, "-cpu", CPUS[cpu]]


def emulate(
    spec: ModelSpec,
    columns: dict[str, Array],
    cpu: str,
    *,
    output: str | None = None,
    numbers: bool = False,
) -> Emulated:
    """Run rows here and on the emulated `cpu`, as many as a minute allows, and compare.

    Where this processor saturates as the emulated one does, the run here is told not to. Raises
    GateError, ModelError, WorkerDied.
    """
    words = launcher(cpu)
    total = len(next(iter(columns.values())))
    avoid = is_onnx(spec.path) and not processor.exact(cpuinfo.flags())
    options = replace(spec.options, settings={**spec.options.settings, **(_EXACT if avoid else {})})
    pieces: list[tuple[Array, Array]] = []
    with ExitStack() as stack:
        here = stack.enter_context(Model(replace(spec, options=options)))
        there = stack.enter_context(Model(spec, launcher=words))
        begun, start, size = time.monotonic(), 0, _FIRST
        while start < total and (start == 0 or time.monotonic() - begun < _SECONDS):
            rows = part(columns, start, start + size)
            first, second = here.predict(rows), there.predict(rows)
            name = choose(first, output)
            pieces.append((first[name], second[name]))
            start, size = start + size, 2 * size
    first_all, second_all = (np.concatenate(side) for side in zip(*pieces, strict=True))
    found = differ(first_all, second_all, numbers=numbers)
    return Emulated(len(first_all), found, avoid)


def emulation_evidence(gate: Gate) -> list[Measurement | Finding]:
    """Answers that an emulated processor gives otherwise, as evidence."""
    assert gate.accuracy is not None and gate.accuracy.emulate is not None
    config, cpu = gate.accuracy, gate.accuracy.emulate
    launcher(cpu)  # before anything is read
    found = emulate(
        subject(gate), rows_of(gate, _ROWS), cpu, output=config.output, numbers=gives_numbers(gate)
    )
    here = "this processor, told to avoid saturation" if found.exact else "this processor"
    unlike = found.difference
    heard = "every bit is the same" if unlike.equal else f"signal to noise {unlike.decibels:.1f} dB"
    summary = Finding(
        "emulated",
        f"{int(unlike.changed.sum())} of {found.rows} answers are others on an emulated {cpu} than "
        f"on {here}; {heard}",
        severity=Severity.INFO,
    )
    return [Measurement("emulated_changes", unlike.share, "%", n=found.rows), summary]


def gives_numbers(gate: Gate) -> bool:
    """Whether the model's answers are numbers that are more or less wrong, not classes."""
    assert gate.accuracy is not None
    return gate.accuracy.metric in ("mae", "rmse", "r2", "quantile")
