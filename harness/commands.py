"""One function a command. Each takes the parsed arguments and returns the exit code."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths
from harness.errors import ConfigError
from harness.model import Verdict
from harness.services import publish, serve, settings_of, token  # noqa: F401 (commands, too)
from harness.verdict import EXIT_CODES

if TYPE_CHECKING:
    from harness.config import Gate

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
    from harness.announcing import announcers
    from harness.config import load

    given = {"policy": arguments.policy, "image": arguments.image, "url": arguments.url}
    gate = load(arguments.gate, **given, baseline=arguments.baseline)
    options = _given(arguments, "policy", "image", "url", "baseline", "report")
    options += [f"--gate-only={family}" for family in arguments.only]
    options += ["--gate-fail-fast"] if arguments.fail_fast else []
    others = announcers(gate, arguments.publish)
    return _session(gate, options, arguments.checks, *others, quiet=arguments.quiet)


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


def compare(arguments: argparse.Namespace) -> int:
    """`gate compare`: two reports side by side; the exit code is the second verdict's."""
    from harness.report import compare as beside
    from harness.report import read, show_both

    both = beside(read(_document(arguments.a)), read(_document(arguments.b)))
    show_both(both)
    return EXIT_CODES[both.b.verdict]


def sign(arguments: argparse.Namespace) -> int:
    """`gate sign`: a report as signed statements beside it."""
    from harness.attesting import sign as seal

    key = None if arguments.keyless else Path(arguments.key)
    return seal(Path(arguments.report), key, Path(arguments.out) if arguments.out else None)


def verify(arguments: argparse.Namespace) -> int:
    """`gate verify`: whose a report is, of what, under which policy, and how old."""
    from harness.attesting import verify as hold

    asked = ("image", "digest", "policy", "policy_digest", "max_age")
    return hold(
        Path(arguments.report),
        [Path(key) for key in arguments.key],
        **{name: getattr(arguments, name) for name in asked},
    )


def push(arguments: argparse.Namespace) -> int:
    """`gate push`: the image that passed, into a registry, with its verdict attached."""
    from harness.pushing.command import run as carry_out

    with _interruptible():
        return carry_out(arguments)


def ledger(arguments: argparse.Namespace) -> int:
    """`gate ledger`: a copy of it, retention, and who holds which environment."""
    from harness.ledger.commands import Rules
    from harness.ledger.commands import run as carry_out

    settings = settings_of(arguments)
    pins = {name: pinned.digests for name, pinned in settings.policies.items()}
    with _interruptible():
        rules = Rules(settings.environments, settings.max_age_s, pins)
        return carry_out(arguments, settings.ledger, rules)


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


def accuracy(arguments: argparse.Namespace) -> int:
    """`gate accuracy`: an evaluation in shards, and the verdict on all of them."""
    return _shard(arguments) if arguments.action == "shard" else _merge(arguments)


def _shard(arguments: argparse.Namespace) -> int:
    from harness.accuracy.sharding import Place, write_shard
    from harness.config import load

    place, path = Place.parse(arguments.shard), Path(arguments.out)
    with _interruptible():
        header = write_shard(load(arguments.gate), place, path)
    blocks = len(place.blocks(header.blocks))
    print(f"{path}: shard {place}, {blocks} of {header.blocks} blocks")
    return EXIT_CODES[Verdict.PASS]


def _merge(arguments: argparse.Namespace) -> int:
    from harness.config import load

    gate = load(arguments.gate, policy=arguments.policy)
    options = [*_given(arguments, "policy", "report"), "--gate-only=accuracy"]
    options += [f"--gate-shard={Path(shard).resolve()}" for shard in arguments.shards]
    return _session(gate, options, [], quiet=arguments.quiet)


def load(arguments: argparse.Namespace) -> int:
    """`gate load`: the load family's verdict, with the load made by workers on many machines."""
    return _master(arguments) if arguments.role == "master" else _worker(arguments)


def _master(arguments: argparse.Namespace) -> int:
    from harness.config import load as read
    from harness.load.distributed.place import Place

    address = f"{arguments.bind}:{arguments.port}"
    Place.of(address, arguments.workers)
    gate = read(arguments.gate, policy=arguments.policy)
    options = [*_given(arguments, "policy", "report"), "--gate-only=load"]
    options += [f"--gate-load-master={address}", f"--gate-load-workers={arguments.workers}"]
    return _session(gate, options, [], quiet=arguments.quiet)


def _worker(arguments: argparse.Namespace) -> int:
    from harness.load.distributed.work import work

    with _interruptible():
        work(arguments.master, lambda line: print(f"gate load worker: {line}", flush=True))
    return EXIT_CODES[Verdict.PASS]


def _given(arguments: argparse.Namespace, *names: str) -> list[str]:
    """The session's options for those arguments that were given."""
    values = {name: getattr(arguments, name) for name in names}
    return [f"--gate-{name}={value}" for name, value in values.items() if value is not None]


def _session(
    gate: Gate, options: list[str], checks: list[str], *plugins: object, quiet: bool
) -> int:
    """Let pytest run the shipped checks and those at the paths `checks` for a gate."""
    import pytest

    from harness.progress import Progress

    fixed = [*_PYTEST, "-c", os.devnull, f"--rootdir={gate.root}", f"--gate={gate.path}"]
    packs = [paths.checks(), *(_pack(path) for path in checks)]
    progress = Progress(gate, quiet=quiet)
    # Hypothesis keeps a cache: not in the folder that somebody happens to stand in.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(gate.root / ".gate" / "hypothesis"))
    with _without_pytest_environment():
        code = pytest.main([*fixed, *options, *map(str, packs)], plugins=[progress, *plugins])
    return progress.finish(int(code))


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
