"""`gate push`: the tested image into a registry, read back, bound to its report, and attested."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import temporary
from harness.errors import EngineError, ReportError
from harness.files import write_whole
from harness.pushing import RegistryError
from harness.pushing.bound import Refused, Terms, admit, bind, found_again, same_image
from harness.pushing.reference import Reference
from harness.pushing.referrers import Attached, attach
from harness.pushing.registry import Registry
from harness.report import Report, printable, read, to_json
from harness.report.reading import strict
from harness.report.signing.envelope import open_envelope
from harness.report.signing.keys import PrivateKey
from harness.report.signing.signing import FULL, SUMMARY, TEST_RESULT, beside, sign_report
from harness.runtime.docker_client import DockerClient, engine_errors
from harness.runtime.docker_image import find

BOUND = "bound.report.json"
_SILENCE = 1800.0  # seconds without a word from the engine: a registry takes in gigabytes at once


@dataclass(frozen=True, slots=True)
class Order:
    """One push."""

    image: str  # reference or id, as the engine knows it
    target: Reference
    report: Path  # report.json, or the folder that holds it
    terms: Terms
    key: PrivateKey | None  # None: nothing is signed, and nothing attached
    out: Path  # folder of the bound report and its statements


def push(order: Order, say: Callable[[str], None]) -> None:
    """Push the image if its report opens the gate, and write the report that says where it is.

    Files are written only when everything has succeeded and the tag still stands for the image.
    Raises Refused, RegistryError, EngineError, ReportError.
    """
    report = read(order.report)
    admit(report, order.terms, dt.datetime.now(dt.UTC))
    client = DockerClient()
    try:
        image = str(find(client, order.image)["Id"])
        same_image(report, image)
        with Registry(order.target) as registry, temporary.folder() as work:
            registry.greet()  # who is not let in should learn it before the push
            say(f"pushing {image} to {order.target}")
            said = _push(client, image, order.target)
            say(f"pushed {order.target}: {said or image}")
            try:
                _attest(order, report, registry, said, Path(work), say)
            except RegistryError as problem:
                hint = "the image is pushed, but the rest is not done: push again"
                raise RegistryError(f"{problem}; {hint}") from None
            except OSError as problem:
                raise ReportError(f"{work}: cannot be written: {problem.strerror}") from None
    finally:
        client.close()


def _attest(
    order: Order,
    report: Report,
    registry: Registry,
    said: str,
    work: Path,
    say: Callable[[str], None],
) -> None:
    """Bind and sign what the tag stands for; `said` is the digest that the engine pushed."""
    digest, image = found_again(registry, report)
    if said and digest != said:
        raise _moved(order.target, said, digest)
    path = work / BOUND
    bound = bind(report, str(order.target), image.digest)
    write_whole(path, to_json(bound).encode("utf-8"))
    files = [path]
    if order.key is not None:
        files += sign_report(path, order.key)
        statements = [_statement(file, order.key) for file in files[1:]]
        say(f"attached {len(statements)} statements: {attach(registry, image, statements)}")
    now = registry.manifest(order.target.tag).digest
    if now != digest:
        raise _moved(order.target, digest, now)
    for written in _kept(files, order.out):
        say(f"wrote {written}")


def _push(client: DockerClient, image: str, target: Reference) -> str:
    """Let the engine push; the digest that it says it pushed, or "". Raises EngineError."""
    what = f"push of {target}"
    digest = ""
    with engine_errors(what):
        client.api.tag(image, target.name, target.tag, force=True)
        client.api.timeout = _SILENCE
        lines = client.api.push(target.name, target.tag, stream=True, decode=True)
        for line in lines:
            if "error" in line:
                raise EngineError(f"{what}: {printable(str(line['error']))[:500]}")
            digest = _digest(line) or digest
    return digest


def _digest(line: dict[str, Any]) -> str:
    aux = line.get("aux")
    return str(aux.get("Digest", "")) if isinstance(aux, dict) else ""


def _statement(path: Path, key: PrivateKey) -> Attached:
    envelope = path.read_bytes()
    statement = strict(open_envelope(envelope, [key.public]).payload)
    return Attached(path.name, str(statement["predicateType"]), envelope)


def _moved(target: Reference, ours: str, theirs: str) -> Refused:
    return Refused(
        f"{target} was {ours} when it was pushed and is {theirs} now: somebody else pushed to the "
        "tag in between; nothing was written"
    )


def _kept(files: Sequence[Path], folder: Path) -> list[Path]:
    """The files, in the user's folder. Raises ReportError."""
    kept = [folder / file.name for file in files]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix in (FULL, TEST_RESULT, SUMMARY):  # of an earlier push
            beside(folder / BOUND, suffix).unlink(missing_ok=True)
        for file, place in zip(files, kept, strict=True):
            write_whole(place, file.read_bytes())
    except OSError as problem:
        raise ReportError(f"{folder}: cannot be written: {problem.strerror}") from None
    return kept
