"""The gallery: candidates with one defect each, and the one check that must catch it.

A file `tests/gallery/<family>/<defect>.toml` is a test; its keys are the fields of `Defect`. The
gate is run as a user runs it, and every check of another family must be content: a gate that cries
wolf is soon switched off.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

ROOT = Path(__file__).parent.parent
GALLERY = Path(__file__).parent / "gallery"
FILES = sorted(GALLERY.glob("*/*.toml"))
NAMES = [file.relative_to(GALLERY).with_suffix("").as_posix() for file in FILES]
FAMILIES = sorted(file.stem.removeprefix("check_") for file in ROOT.glob("checks/check_*.py"))
IMAGES = {
    "sentiment": "releasegate-example/sentiment:1",
    "digits": "releasegate-example/digits:int8",
}
INSIDE = ("webapp",)  # folders of an example that go into its image as they are
BUSY = "invalid-run"  # rule of doubts about the load generator itself
SECONDS = 180  # a gate that takes longer hangs

# Short, and generous where a busy machine could be mistaken for the defect.
BRISK: dict[str, Any] = {
    "candidate": {"ready": {"within": "20 s"}},
    "load": {"rate": "250 /s", "duration": "3.2 s", "warmup": "0.3 s"},
    "policy": {"required": FAMILIES, "limits": {"load.latency_p99": "<= 1 s"}},
}
# To load TensorFlow would take longer than all the rest.
LIGHT: dict[str, dict[str, Any]] = {
    "sentiment": {},
    "digits": {"accuracy": {"reference": "models/digits.fp32.onnx"}},
}
OTHERS = [name for name in FAMILIES if name != "load"]
NO_LOAD = {"load": None, "policy": {"required": OTHERS, "limits": {"load.latency_p99": None}}}


class Strict(BaseModel):
    """A table of a gallery file; a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Edit(Strict):
    """A piece of text that stands in `file` exactly once, and what it becomes."""

    file: str
    replace: str
    with_: str = Field(alias="with")


class Add(Strict):
    """A file that the example does not have."""

    file: str
    text: str


class Defect(Strict):
    """One gallery file."""

    catches: str  # id of the check that must fail
    says: str  # stands in that check's reason or findings
    why: str  # what it does to whom
    base: Literal["sentiment", "digits"]
    load: bool = False  # put load on it; where it answers as the example does, that tells nothing
    edit: tuple[Edit, ...] = ()
    add: tuple[Add, ...] = ()
    remove: tuple[str, ...] = ()
    image: str = ""  # lines of a Dockerfile on top of the example's image
    gate: dict[str, Any] = {}  # tables laid over gate.toml

    @property
    def family(self) -> str:
        """`load` of `load.latency`."""
        return self.catches.partition(".")[0]

    @property
    def layers(self) -> list[dict[str, Any]]:
        """What is laid over the example's gate.toml."""
        return [BRISK, LIGHT[self.base], *([] if self.load else [NO_LOAD]), self.gate]

    @property
    def changes_image(self) -> bool:
        """Whether the container has to be another one, and not only what is said about it."""
        touched = [*(one.file for one in self.edit), *(one.file for one in self.add)]
        return bool(self.image) or any(name.partition("/")[0] in INSIDE for name in touched)


def read(file: Path) -> Defect:
    """Raises ValueError for a file that is not one of the gallery's."""
    return Defect.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def apply(defect: Defect, folder: Path) -> None:
    """Copy the example to `folder` and change it. Raises ValueError where an edit does not fit."""
    shutil.copytree(
        ROOT / "examples" / defect.base,
        folder,
        ignore=shutil.ignore_patterns("__pycache__", ".gate"),
    )
    for edit in defect.edit:
        path = folder / edit.file
        text = path.read_text(encoding="utf-8")
        if text.count(edit.replace) != 1:
            raise ValueError(
                f"{edit.file}: {edit.replace!r} stands there {text.count(edit.replace)} times"
            )
        path.write_text(text.replace(edit.replace, edit.with_), encoding="utf-8")
    for add in defect.add:
        path = folder / add.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(add.text, encoding="utf-8")
    for name in defect.remove:
        (folder / name).unlink()


def write_gate(folder: Path, *layers: dict[str, Any]) -> Path:
    """Lay tables over the example's gate.toml, each over the ones before it."""
    path = folder / "gate.toml"
    gate = tomllib.loads(path.read_text(encoding="utf-8"))
    for layer in layers:
        lay_over(gate, layer)
    lines = [f"{json.dumps(key)} = {as_toml(value)}\n" for key, value in gate.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def lay_over(below: dict[str, Any], above: dict[str, Any]) -> None:
    """Merge tables; None takes a key out, everything else is replaced."""
    for key, value in above.items():
        if value is None:
            below.pop(key, None)
        elif isinstance(value, dict) and isinstance(below.get(key), dict):
            lay_over(below[key], value)
        else:
            below[key] = value


def as_toml(value: Any) -> str:
    """A TOML value on one line. Strings, numbers and booleans are written as in JSON."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(k)} = {as_toml(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    return json.dumps(value)


@contextlib.contextmanager
def image_of(defect: Defect, name: str, folder: Path, context: Path) -> Iterator[str]:
    """The image with the defect in it, there while the block runs; the example's where it will do.

    The defect lies on top of the example's image, so that what the source checks read stays what
    a good engineer wrote, and only the last layers are new.
    """
    if not defect.changes_image:
        yield IMAGES[defect.base]
        return
    import docker

    shutil.copytree(folder, context, ignore=shutil.ignore_patterns(".dockerignore", "data"))
    copies = [f"COPY {inside} {inside}" for inside in INSIDE]
    lines = [f"FROM {IMAGES[defect.base]}", *copies, defect.image.strip()]
    context.joinpath("Dockerfile").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tag = f"releasegate-gallery/{name.replace('/', '-')}:test"
    with contextlib.closing(docker.from_env(timeout=SECONDS)) as client:
        client.images.build(path=str(context), tag=tag, rm=True, forcerm=True)
        try:
            yield tag
        finally:
            client.images.remove(tag, force=True)


def run(gate: Path, out: Path) -> tuple[int, dict[str, Any]]:
    """Run the gate as a user does; its exit code and its report."""
    command = [sys.executable, "-m", "harness", "run", str(gate), "--report", str(out), "--quiet"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    path = out / "report.json"
    if not path.is_file():
        raise AssertionError(
            f"exit code {done.returncode} and no report:\n{(done.stdout + done.stderr)[-3000:]}"
        )
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return done.returncode, report


def missed(defect: Defect, report: dict[str, Any]) -> list[str]:
    """What the check that must catch the defect did instead."""
    check = next((row for row in report["checks"] if row["id"] == defect.catches), None)
    if check is None:
        return [f"{defect.catches}: no such check ran"]
    if check["outcome"] != "failed":
        return [f"{defect.catches}: {check['outcome']} {check['reason']}, must be failed"]
    told = [check["reason"], *(json.dumps(row, ensure_ascii=False) for row in check["findings"])]
    if not any(defect.says in text for text in told):
        return [f"{defect.catches}: does not say {defect.says!r}, but: {check['reason']}"]
    return []


def wolves(report: dict[str, Any], family: str | None) -> list[str]:
    """Checks of other families that are not content.

    Of a candidate that never became ready nobody can say anything: errors and skips behind a
    failed start are the truth. And a load generator that was short of processor time speaks of
    this machine, not of the candidate.
    """
    quiet = {"passed", "skipped"} | ({"errored"} if family == "startup" else set())
    found = []
    for check in report["checks"]:
        bad = [row for row in check["findings"] if row["severity"] in ("error", "doubt")]
        busy = check["outcome"] == "inconclusive" and {row["rule"] for row in bad} == {BUSY}
        unheard = check["outcome"] == "skipped" and check["required"] and family != "startup"
        if check["id"].partition(".")[0] == family or busy:
            continue
        if check["outcome"] not in quiet or bad or unheard:
            found.append(f"{check['id']}: {check['outcome']} {check['reason']} {bad[:2] or ''}")
    return found


@pytest.fixture(scope="session")
def examples(engine: None) -> None:
    """The images that every defect is laid on."""
    import docker

    with contextlib.closing(docker.from_env()) as client:
        for image in IMAGES.values():
            try:
                client.images.get(image)
            except docker.errors.ImageNotFound:
                pytest.fail(f"no image {image}: `make examples` builds it", pytrace=False)


def test_the_gallery_covers_every_family_of_checks() -> None:
    assert len(FILES) >= 24
    assert sorted({read(file).family for file in FILES}) == FAMILIES


@pytest.mark.parametrize("file", FILES, ids=NAMES)
def test_a_gallery_file_fits_its_example_and_lies_in_the_folder_of_its_family(
    file: Path, tmp_path: Path
) -> None:
    from harness.config import load

    defect = read(file)
    apply(defect, tmp_path / "project")
    load(write_gate(tmp_path / "project", *defect.layers))

    assert file.parent.name == defect.family
    assert f"def check_{defect.catches.partition('.')[2]}(" in ROOT.joinpath(
        "checks", f"check_{defect.family}.py"
    ).read_text(encoding="utf-8")


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("base", sorted(IMAGES))
def test_the_example_itself_passes(base: str, tmp_path: Path, examples: None) -> None:
    folder = tmp_path / base
    shutil.copytree(ROOT / "examples" / base, folder)

    code, report = run(write_gate(folder, BRISK), tmp_path / "out")

    assert wolves(report, None) == []
    assert (report["verdict"], code) == ("pass", 0)


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_defect_is_caught_by_its_check_and_by_no_other_family(
    name: str, tmp_path: Path, examples: None
) -> None:
    defect = read(GALLERY / f"{name}.toml")
    folder = tmp_path / "project"
    apply(defect, folder)

    with image_of(defect, name, folder, tmp_path / "context") as image:
        gate = write_gate(folder, {"candidate": {"image": image}}, *defect.layers)
        code, report = run(gate, tmp_path / "out")

    problems = [*missed(defect, report), *wolves(report, defect.family)]
    assert not problems, "\n".join([f"{name}: {defect.why}", *problems])
    assert (report["verdict"], code) == ("fail", 1)
