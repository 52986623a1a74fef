"""One function a command. Each takes the parsed arguments and returns the exit code."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from harness import paths
from harness.errors import ConfigError
from harness.model import Verdict
from harness.verdict import EXIT_CODES

_PYTEST = [
    "--disable-plugin-autoload",  # nobody else's plugin may change a verdict
    "-p", "harness.plugin",
    "-p", "no:terminal",  # our own progress and summary
    "-p", "no:cacheprovider",
    "-p", "no:faulthandler",
    "--import-mode=importlib",
    f"--confcutdir={paths.checks()}",  # nor a conftest above the shipped checks
    "-o", "addopts=",
]  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """`gate run`: build pytest's arguments and let it run; there is no second runner."""
    import pytest

    from harness.config import load
    from harness.progress import Progress

    given = {"policy": arguments.policy, "image": arguments.image, "url": arguments.url}
    gate = load(arguments.gate, **given, baseline=arguments.baseline)
    options = [*_PYTEST, "-c", os.devnull, f"--rootdir={gate.root}", f"--gate={gate.path}"]
    for name in ("policy", "image", "url", "baseline", "report"):
        value = getattr(arguments, name)
        options += [] if value is None else [f"--gate-{name}={value}"]
    options += [f"--gate-only={family}" for family in arguments.only]
    options += ["--gate-fail-fast"] if arguments.fail_fast else []
    packs = [paths.checks(), *(_pack(path) for path in arguments.checks)]
    progress = Progress(gate, quiet=arguments.quiet)
    # Hypothesis keeps a cache: not in the folder that somebody happens to stand in.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(gate.root / ".gate" / "hypothesis"))
    with _without_pytest_environment():
        code = pytest.main([*options, *map(str, packs)], plugins=[progress])
    return progress.finish(int(code))


def record(arguments: argparse.Namespace) -> int:
    """`gate record`: write the golden answers of a release that is accepted."""
    from harness.config import load
    from harness.record import record as keep

    given = {"image": arguments.image, "url": arguments.url}
    gate = load(arguments.gate, **given, writes="baseline.golden")
    with _interruptible():
        return keep(gate, arguments.into, force=arguments.force)


def freeze(arguments: argparse.Namespace) -> int:
    """`gate freeze`: write the requests of a gate, with those that failed while exploring."""
    from harness.config import load
    from harness.freeze import freeze as keep

    gate = load(arguments.gate, writes="contract.corpus")
    with _interruptible():
        return keep(gate, arguments.into, anew=arguments.anew, force=arguments.force)


def init(arguments: argparse.Namespace) -> int:
    """`gate init`: look at a running service, and write the gate that it passes."""
    from harness.init import Wish, initialise, requests
    from harness.report import printable

    wish = Wish(
        arguments.target,
        Path(arguments.into),
        requests(arguments.example),
        arguments.protocol,
        arguments.port,
        arguments.name,
        arguments.model,
        arguments.path,
    )
    with _interruptible():
        return initialise(wish, lambda line: print(printable(line), flush=True))


def judge(arguments: argparse.Namespace) -> int:
    """`gate judge`: the same evidence under another policy; nothing is run."""
    from harness.config import load
    from harness.report import read, rejudge, write
    from harness.report import show as print_report

    gate = load(arguments.gate, policy=arguments.policy)
    report = rejudge(read(_document(arguments.report)), gate.policy, dt.datetime.now(dt.UTC).date())
    files = write(report, Path(arguments.folder)) if arguments.folder else {}
    print_report(report, html=files.get("html"))
    return EXIT_CODES[report.verdict]


def show(arguments: argparse.Namespace) -> int:
    """`gate show`: a report in the terminal; the exit code is its verdict's."""
    from harness.report import read
    from harness.report import show as print_report

    report = read(_document(arguments.report))
    print_report(report)
    return EXIT_CODES[report.verdict]


def doctor(arguments: argparse.Namespace) -> int:
    """`gate doctor`: what this machine can do, one line each."""
    from harness.doctor import examine

    findings = examine()
    width = max(len(item.name) for item in findings)
    for item in findings:
        print(f"{'ok ' if item.ok else 'no '} {item.name:<{width}}  {item.detail}")
    missing = [item.name for item in findings if item.needed and not item.ok]
    return EXIT_CODES[Verdict.ERROR if missing else Verdict.PASS]


def clean(arguments: argparse.Namespace) -> int:
    """`gate clean`: remove what runs that are no more left behind."""
    from harness import temporary
    from harness.runtime import clean as remove

    removed = 0
    for sweep in (temporary.clean, remove):  # the engine last: it may not answer
        for line in sweep():
            removed += 1
            print(f"removed {line}")
    print(f"{removed} removed" if removed else "nothing to remove")
    return EXIT_CODES[Verdict.PASS]


def schema(arguments: argparse.Namespace) -> int:
    """`gate schema`: the JSON Schema of gate.toml or of report.json."""
    from harness.schema import text

    sys.stdout.write(text(arguments.document))
    return EXIT_CODES[Verdict.PASS]


def _document(given: str) -> Path:
    path = Path(given)
    return path / "report.json" if path.is_dir() else path


def _pack(given: str) -> Path:
    path = Path(given).resolve()
    if not path.exists():
        raise ConfigError(f"--checks {given}: no such file or folder")
    return path


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, so that what was started is removed."""
    from harness.runtime import interrupt_on_sigterm

    restore = interrupt_on_sigterm()
    try:
        yield
    finally:
        restore()


@contextlib.contextmanager
def _without_pytest_environment() -> Iterator[None]:
    """Options and plugins in the environment are for the user's own tests: a gate must not bend."""
    names = [name for name in os.environ if name.startswith("PYTEST_")]
    kept = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(kept)
