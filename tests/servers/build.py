"""Builds the images of the real servers that the presets are tried against.

    python tests/servers/build.py [NAME ...]

An image whose files have not changed since it was built is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
_BASE_IMAGE = HERE.parents[1] / ".ci" / "base-image"
_LABEL = "releasegate.made-from"
_ASIDE = ("*.toml", "MLmodel", "__pycache__", ".gate")  # of the gate and the tests, not the image
_SECONDS = 600  # that the engine may be silent for
VERSIONS = {
    "azureml": "1.4.1",
    "bentoml": "1.4.40",
    "kserve": "0.21.0",
    "litserve": "0.2.19",
    "mlflow": "3.17.2",
    "mlserver": "1.7.1",
}


def main(names: list[str]) -> int:
    """Build the images of the servers named, or of all."""
    unknown = sorted(set(names) - set(VERSIONS))
    if unknown:
        print(f"no server {unknown[0]}; known: {', '.join(VERSIONS)}", file=sys.stderr)
        return 1
    import docker

    base = subprocess.run([str(_BASE_IMAGE)], capture_output=True, text=True, check=True)
    with contextlib.closing(docker.from_env(timeout=_SECONDS)) as client:
        for name in names or VERSIONS:
            make(client, name, base.stdout.strip())
    return 0


def make(client: Any, name: str, base: str) -> None:
    """Build one image where there is none made from the same files on the same base."""
    tag = f"releasegate-server/{name}:{VERSIONS[name]}"
    digest = made_from(HERE / name, f"{base} {_id(client, base)}")
    if _label(client, tag) == digest:
        print(f"{tag} is up to date", flush=True)
        return
    print(f"building {tag} on {base} ...", flush=True)
    began, old = time.monotonic(), _id(client, tag)
    lines = client.api.build(
        path=str(HERE / name),
        tag=tag,
        buildargs={"BASE_IMAGE": base},
        labels={_LABEL: digest},
        rm=True,
        forcerm=True,
        decode=True,
    )
    told = []
    for line in lines:
        told.append(str(line.get("stream") or line.get("error") or ""))
        if "error" in line:
            raise SystemExit(f"{tag} was not built:\n{''.join(told)[-3000:]}")
    if old and old != _id(client, tag):
        _drop(client, old)
    print(f"built {tag} in {time.monotonic() - began:.0f} s", flush=True)


def made_from(folder: Path, base: str) -> str:
    """Digest over the files that go into an image, and the base that it stands on."""
    found = hashlib.sha256(base.encode())
    for path in sorted(folder.iterdir()):
        if not any(path.match(pattern) for pattern in _ASIDE):
            found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _id(client: Any, reference: str) -> str:
    import docker

    try:
        return str(client.images.get(reference).id)
    except docker.errors.ImageNotFound:
        return ""


def _label(client: Any, tag: str) -> str:
    import docker

    try:
        return str(client.images.get(tag).labels.get(_LABEL, ""))
    except docker.errors.ImageNotFound:
        return ""


def _drop(client: Any, image: str) -> None:
    """Remove what was replaced, unless somebody else has it."""
    import docker

    with contextlib.suppress(docker.errors.APIError):
        client.images.remove(image)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
