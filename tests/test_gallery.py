"""The gallery: candidates with one defect each, and the one check that must catch it.

Some have none, and only look as if: they must pass.

A file `tests/gallery/<family>/<defect>.toml` is a test; its keys are the fields of `Defect`. The
gate is run as a user runs it, and every check of another family must be content: a gate that cries
wolf is soon switched off.
"""

from __future__ import annotations

import contextlib
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.gallery.shared import (
    BUSY,
    ROOT,
    SECONDS,
    Edit,
    Strict,
    change,
    missed,
    run,
    wolves,
    write_gate,
)

GALLERY = Path(__file__).parent / "gallery"
FILES = sorted(GALLERY.glob("*/*.toml"))
_ATTEMPTS = 3  # of a gate whose run the machine disturbed
NAMES = [file.relative_to(GALLERY).with_suffix("").as_posix() for file in FILES]
FAMILIES = sorted(file.stem.removeprefix("check_") for file in ROOT.glob("checks/check_*.py"))
IMAGES = {
    "sentiment": "releasegate-example/sentiment:1",
    "digits": "releasegate-example/digits:int8",
}
INSIDE = ("webapp",)  # folders of an example that go into its image as they are

# Short, and generous where a busy machine could be mistaken for the defect.
BRISK: dict[str, Any] = {
    "candidate": {"ready": {"within": "20 s"}},
    "contract": {"explore": "0 s"},
    "load": {"rate": "250 /s", "duration": "3.2 s", "warmup": "0.3 s"},
    "policy": {"required": FAMILIES, "limits": {"load.latency_p99": "<= 1 s"}},
}
# To load TensorFlow would take longer than all the rest.
LIGHT: dict[str, dict[str, Any]] = {
    "sentiment": {},
    # A service that answers otherwise than its file is caught by accuracy.served, too.
    "digits": {"accuracy": {"reference": "models/digits.fp32.onnx", "file": None}},
}
OTHERS = [name for name in FAMILIES if name != "load"]
MEASURED = ("load", "shutdown", "startup")  # families whose defects are a matter of time
NO_LOAD = {"load": None, "policy": {"required": OTHERS, "limits": {"load.latency_p99": None}}}


class Add(Strict):
    """A file that the example does not have."""

    file: str
    text: str


class Defect(Strict):
    """One gallery file."""

    catches: str  # id of the check that must fail; of one that `passes`, the check it is tried by
    says: str = ""  # stands in that check's reason or findings
    passes: bool = False  # nothing is wrong with it: the gate must let it pass
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
    change(folder, defect.edit)
    for add in defect.add:
        path = folder / add.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(add.text, encoding="utf-8")
    for name in defect.remove:
        (folder / name).unlink()


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
    assert bool(defect.says) != defect.passes
    assert f"def check_{defect.catches.partition('.')[2]}(" in ROOT.joinpath(
        "checks", f"check_{defect.family}.py"
    ).read_text(encoding="utf-8")


SOUND = {name for name, file in zip(NAMES, FILES, strict=True) if read(file).passes}


def _marked(name: str) -> Any:
    """A gate that puts load on its candidate, or times it, has the machine for itself."""
    timed = name.partition("/")[0] in MEASURED or read(GALLERY / f"{name}.toml").load
    return pytest.param(name, marks=[pytest.mark.alone] if timed else [], id=name)


@pytest.mark.alone
@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("base", sorted(IMAGES))
def test_the_example_itself_passes(base: str, tmp_path: Path, examples: None) -> None:
    folder = tmp_path / base
    shutil.copytree(ROOT / "examples" / base, folder)

    code, report = run(write_gate(folder, BRISK), tmp_path / "out")

    assert wolves(report, ()) == []
    assert (report["verdict"], code) == ("pass", 0)


def _judged(defect: Defect, name: str, work: Path) -> tuple[int, dict[str, Any]]:
    """Exit code and report of a gate that is run on a candidate of the gallery.

    A run that says itself that this machine disturbed it is run again, as its user would.
    """
    folder = work / "project"
    apply(defect, folder)
    with image_of(defect, name, folder, work / "context") as image:
        gate = write_gate(folder, {"candidate": {"image": image}}, *defect.layers)
        for attempt in range(_ATTEMPTS):
            code, report = run(gate, work / f"out{attempt}")
            if not _disturbed(report, defect.catches):
                break
    return code, report


def _disturbed(report: dict[str, Any], check: str) -> bool:
    told = [row for row in report["checks"] if row["id"] == check]
    return any(
        row["outcome"] == "inconclusive" and finding["rule"] in BUSY
        for row in told
        for finding in row["findings"]
    )


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("name", [_marked(name) for name in NAMES if name in SOUND])
def test_what_only_looks_like_a_defect_passes(name: str, tmp_path: Path, examples: None) -> None:
    sound = read(GALLERY / f"{name}.toml")

    code, report = _judged(sound, name, tmp_path)

    tried = [row["outcome"] for row in report["checks"] if row["id"] == sound.catches]
    assert (wolves(report, ()), tried) == ([], ["passed"]), f"{name}: {sound.why}"
    assert (report["verdict"], code) == ("pass", 0)


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("name", [_marked(name) for name in NAMES if name not in SOUND])
def test_a_defect_is_caught_by_its_check_and_by_no_other_family(
    name: str, tmp_path: Path, examples: None
) -> None:
    defect = read(GALLERY / f"{name}.toml")

    code, report = _judged(defect, name, tmp_path)

    problems = [*missed(defect.catches, defect.says, report), *wolves(report, [defect.family])]
    assert not problems, "\n".join([f"{name}: {defect.why}", *problems])
    assert (report["verdict"], code) == ("fail", 1)
