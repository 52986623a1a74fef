"""Images: built, identified, and read without running anything in them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import EngineError
from harness.runtime import Runtime, open_runtime
from harness.runtime.docker_image import candidate_of

DESCRIBED = {
    "Id": "sha256:c0",
    "Os": "linux",
    "Architecture": "arm64",
    "Variant": "v8",
    "RepoDigests": [],
}


def test_an_image_that_was_never_pushed_has_no_manifest_digest() -> None:
    found = candidate_of("tried", "tried:1", DESCRIBED)
    assert (found.config_digest, found.manifest_digest) == ("sha256:c0", None)
    assert found.platform == "linux/arm64/v8"


def test_one_push_gives_the_manifest_digest() -> None:
    pushed = {**DESCRIBED, "RepoDigests": ["a/b@sha256:m0", "c/d@sha256:m0"]}
    assert candidate_of("tried", "tried:1", pushed).manifest_digest == "sha256:m0"


def test_two_different_pushes_give_none() -> None:
    pushed = {**DESCRIBED, "RepoDigests": ["a/b@sha256:m0", "c/d@sha256:m1"]}
    assert candidate_of("tried", "tried:1", pushed).manifest_digest is None


@pytest.mark.docker
@pytest.mark.usefixtures("engine")
class TestWithAnEngine:
    """Against the real engine."""

    def test_every_regular_file_is_read_once_and_small_ones_with_content(
        self, opened: Callable[[str], Runtime]
    ) -> None:
        image = opened("build = {}\n").image()
        assert image is not None
        files = {file.path: file for file in image.files(content_up_to=4096)}
        assert files["/app.py"].size == len(files["/app.py"].content or b"") > 1000
        assert "/.dockerenv" not in files
        big = [file for file in files.values() if file.size > 4096]
        assert big and all(file.content is None for file in big)
        assert image.size_bytes > sum(file.size for file in files.values()) * 0.9
        assert image.config["Cmd"] == ["python3", "-u", "/app.py"]
        assert "CMD" in image.history[0]

    def test_reading_can_be_broken_off(self, opened: Callable[[str], Runtime]) -> None:
        image = opened("build = {}\n").image()
        assert image is not None
        files = iter(image.files())
        assert next(files).path.startswith("/")
        files.close()  # type: ignore[attr-defined]

    def test_what_does_not_build_is_said_in_the_builders_words(
        self, gate_of: Callable[[str], Any]
    ) -> None:
        gate = gate_of("build = {}\n")
        (gate.root / "Dockerfile").write_text(
            "FROM releasegate-base:bookworm\nRUN echo the-last-word && false\n", encoding="utf-8"
        )
        runtime = open_runtime(gate)
        try:
            with pytest.raises(EngineError, match="does not build(.|\n)*the-last-word"):
                runtime.resolve()
        finally:
            runtime.close()

    def test_an_image_that_is_nowhere_is_an_error_of_the_infrastructure(
        self, opened: Callable[[str], Runtime]
    ) -> None:
        runtime = opened('image = "127.0.0.1:1/no-such-image:0"\n')
        with pytest.raises(EngineError, match="is not on this machine and cannot be pulled"):
            runtime.resolve()


def test_without_an_engine_the_error_says_so(
    opened: Callable[[str], Runtime], monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{os.fspath(tmp_path)}/none.sock")
    with pytest.raises(EngineError, match="no container engine answers at unix://"):
        opened('image = "tried:1"\n').resolve()
