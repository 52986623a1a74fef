"""The image checks, called as functions on images out of dictionaries and on a real one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from checks.check_image import (
    check_ballast,
    check_exposed_port,
    check_packages,
    check_root_user,
    check_secrets,
    check_size,
)
from harness.config import Gate, load
from harness.declare import spec_of
from harness.judge import Judgement, judge
from harness.model import Outcome
from harness.runtime import ImageFile

METADATA = "/opt/service/lib/python3.11/site-packages/flask-3.1.0.dist-info/METADATA"
TOKEN = "w9Kf2Qm7Lx" + "4Vb8Rz3Ht6"
_numbers = count()


def _good_files() -> dict[str, bytes]:
    return {
        "/etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
        "/srv/webapp/app.py": b"print('ready')\n",
        METADATA: b"Name: Flask\nVersion: 3.1.0\n",
    }


def _good_config() -> dict[str, Any]:
    return {"User": "10001", "ExposedPorts": {"5000/tcp": {}}, "WorkingDir": "/srv", "Env": []}


@dataclass
class FakeImage:
    """A good image, but for what a test changes."""

    content: dict[str, bytes] = field(default_factory=_good_files)
    config: dict[str, Any] = field(default_factory=_good_config)
    history: tuple[str, ...] = ("CMD x",)
    size_bytes: int = 300 * 2**20
    config_digest: str = field(default_factory=lambda: f"sha256:fake-{next(_numbers)}")

    def files(self, content_up_to: int = 0) -> Iterator[ImageFile]:
        for path, content in self.content.items():
            yield ImageFile(path, len(content), 0o644, content)


def gate(folder: Path, candidate: str = 'image = "it:1"\nsource = "."') -> Gate:
    (folder / "requirements.txt").write_text("flask==3.1.0\n")
    (folder / "gate.toml").write_text(
        f'version = 1\n[candidate]\nname = "it"\nport = 5000\n{candidate}\n'
        '[contract]\npath = "/predict"\n'
    )
    return load(folder / "gate.toml")


def judged(check: object, seen: object) -> Judgement:
    spec = spec_of(check)
    assert spec is not None
    return judge(spec.limits, seen)


def everything(one: Gate, image: FakeImage) -> dict[str, Judgement]:
    return {
        "size": judged(check_size, check_size(image)),
        "root_user": judged(check_root_user, check_root_user(image)),
        "exposed_port": judged(check_exposed_port, check_exposed_port(one, image)),
        "secrets": judged(check_secrets, check_secrets(image)),
        "ballast": judged(check_ballast, check_ballast(image)),
        "packages": judged(check_packages, check_packages(one, image)),
    }


def failed(judgements: dict[str, Judgement]) -> list[str]:
    return [name for name, one in judgements.items() if one.outcome is not Outcome.PASSED]


def test_a_good_image_passes_every_check(tmp_path: Path) -> None:
    assert failed(everything(gate(tmp_path), FakeImage())) == []


@pytest.mark.parametrize(
    ("check", "image"),
    [
        ("size", FakeImage(size_bytes=3 * 2**30)),
        ("root_user", FakeImage(config=_good_config() | {"User": ""})),
        ("exposed_port", FakeImage(config=_good_config() | {"ExposedPorts": {"80/tcp": {}}})),
        ("secrets", FakeImage(config=_good_config() | {"Env": [f"API_TOKEN={TOKEN}"]})),
        ("secrets", FakeImage(history=(f"|1 API_TOKEN={TOKEN} /bin/sh -c x",))),
        ("secrets", FakeImage(_good_files() | {"/srv/.env": f"API_TOKEN={TOKEN}\n".encode()})),
        ("ballast", FakeImage(_good_files() | {"/srv/.git/HEAD": b"ref"})),
        ("ballast", FakeImage(_good_files() | {"/var/lib/apt/lists/x": b"x" * 11 * 2**20})),
        ("packages", FakeImage(_good_files() | {METADATA: b"Name: flask\nVersion: 3.0.0\n"})),
        ("packages", FakeImage({"/etc/passwd": b""})),
    ],
)
def test_one_defect_fails_one_check(tmp_path: Path, check: str, image: FakeImage) -> None:
    assert failed(everything(gate(tmp_path), image)) == [check]


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    image = FakeImage(config=_good_config() | {"Env": [f"API_TOKEN={TOKEN}"]})
    assert TOKEN not in repr(check_secrets(image))


def test_the_image_checks_say_that_there_is_no_image(tmp_path: Path) -> None:
    for candidate, word in (('command = ["serve"]', "command"), ('url = "http://x"', "url")):
        one = gate(tmp_path, candidate)
        for check in (check_size, check_packages):
            spec = spec_of(check)
            assert spec is not None and spec.applies is not None
            assert f"candidate.{word}" in spec.applies(one)


def test_packages_need_requirements_to_compare_with(tmp_path: Path) -> None:
    spec = spec_of(check_packages)
    assert spec is not None and spec.applies is not None
    assert "to compare with" in spec.applies(gate(tmp_path, 'image = "it:1"'))
    one = gate(tmp_path)
    assert spec.applies(one) == ""
    (tmp_path / "requirements.txt").unlink()
    assert spec.applies(one) == "no requirements file says what the image should hold"


@pytest.mark.docker
def test_the_base_image_of_the_examples_raises_no_false_alarm(tmp_path: Path, engine: None) -> None:
    from harness.errors import EngineError
    from harness.runtime import open_runtime

    runtime = open_runtime(gate(tmp_path, 'image = "releasegate-base:bookworm"'))
    try:
        runtime.resolve()
    except EngineError as problem:
        pytest.skip(f"the base image is not here: {problem}")
    try:
        image = runtime.image()
        assert image is not None
        assert judged(check_secrets, check_secrets(image)).outcome is Outcome.PASSED
        assert judged(check_ballast, check_ballast(image)).outcome is Outcome.PASSED
        assert judged(check_root_user, check_root_user(image)).outcome is Outcome.FAILED
    finally:
        runtime.close()
