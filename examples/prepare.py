"""Makes what the examples need and does not lie in the repository: models, data, images.

    python examples/prepare.py

Whatever is up to date is left alone: models by a digest over the code that made them, images by
the engine's own build cache.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.runtime import engine_status

HERE = Path(__file__).resolve().parent
MODELS = ("sentiment", "digits")
_BASE_IMAGE = HERE.parent / ".ci" / "base-image"
_MAKERS = ("numpy", "onnx", "onnxruntime", "scikit-learn", "tensorflow")  # a newer one may differ
_LAST_LINES = 30


@dataclass(frozen=True)
class Image:
    """An image of an example."""

    tag: str
    folder: str
    model: str | None = None  # build argument MODEL


IMAGES = (
    Image("releasegate-example/sentiment:1", "sentiment"),
    Image("releasegate-example/digits:int8", "digits", "int8"),
    Image("releasegate-example/digits:lossy", "digits", "lossy"),
)


class PreparationError(Exception):
    """Something cannot be made; the message says what, and holds the last lines of its output."""


def main() -> int:
    """Make everything that this machine can make."""
    try:
        train()
        status = engine_status()
        if status.available:
            build()
        else:
            print(f"images are not built: {status.detail}")
    except PreparationError as problem:
        print(f"prepare: {problem}", file=sys.stderr)
        return 1
    return 0


def train() -> None:
    """Train the models that are missing, or older than the code that makes them.

    Raises PreparationError.
    """
    for name in MODELS:
        folder = HERE / name
        stamp = folder / "models" / ".made-from"
        digest = _digest(folder)
        made = stamp.read_text(encoding="utf-8") if stamp.is_file() else ""
        if made == digest and (folder / "data" / "eval.npz").is_file():
            continue
        print(f"training {name} ...", flush=True)
        _run([sys.executable, "-m", "training.train"], folder, f"training {name}")
        stamp.write_text(digest, encoding="utf-8")


def build() -> None:
    """Build the images; the engine's cache makes this quick where nothing has changed.

    Raises PreparationError.
    """
    engine = shutil.which("docker") or shutil.which("podman")
    if engine is None:
        raise PreparationError(
            "an engine answers, but neither docker nor podman is on PATH to build the images with"
        )
    base = _run([str(_BASE_IMAGE)], HERE, "looking for the base image").strip()
    for image in IMAGES:
        print(f"building {image.tag} on {base} ...", flush=True)
        command = [engine, "build", "--tag", image.tag, "--build-arg", f"BASE_IMAGE={base}"]
        command += ["--build-arg", f"MODEL={image.model}"] if image.model else []
        _run([*command, "."], HERE / image.folder, f"building {image.tag}")


def _digest(folder: Path) -> str:
    """Over the code that trains, and the packages that it trains with."""
    found = hashlib.sha256(repr([_version(name) for name in _MAKERS]).encode())
    for pattern in ("training/*.py", "training/*.tsv", "webapp/*.py"):
        for path in sorted(folder.glob(pattern)):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _run(command: list[str], folder: Path, what: str) -> str:
    """Standard output of a command. Raises PreparationError with the end of both its streams."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-_LAST_LINES:]
        raise PreparationError(
            f"{what} failed with status {done.returncode}:\n" + "\n".join(lines)
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
