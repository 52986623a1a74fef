"""Images: found, pulled or built, and read through the engine without running anything in them."""

from __future__ import annotations

import re
import tarfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from harness.errors import EngineError
from harness.model import Candidate
from harness.runtime import watchdog
from harness.runtime.docker_client import DockerClient, engine_errors
from harness.runtime.endpoint import ImageFile

if TYPE_CHECKING:
    from harness.config.schema import Build

_BUILT = re.compile(r"(?:Successfully built |^sha256:)([0-9a-f]{12,64})\s*$", re.MULTILINE)
_BUILD_SILENCE = 3600.0  # seconds without a word from the builder: a training step is a silent one
_KEPT_LINES = 20
_CHUNK = 32 * 1024  # bytes: tarfile copies what it has read ahead for every header and piece
_ENGINE_FILES = (".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf")


def find(client: DockerClient, reference: str) -> dict[str, Any]:
    """The engine's description of an image, pulled where it is not there yet.

    Raises EngineError where it can neither be found nor pulled.
    """
    from docker.errors import APIError, ImageNotFound

    what = f"image {reference!r}"
    with engine_errors(what):
        try:
            return cast(dict[str, Any], client.api.inspect_image(reference))
        except ImageNotFound:
            pass
        try:
            client.sdk.images.pull(reference)
        except APIError as problem:
            raise EngineError(
                f"{what}: is not on this machine and cannot be pulled "
                f"({problem.explanation or problem}); build it first, or correct the reference"
            ) from None
        return cast(dict[str, Any], client.api.inspect_image(reference))


def build(client: DockerClient, config: Build, root: Path) -> str:
    """Build an image from a context below `root`; returns its id, `sha256:...`.

    Raises EngineError with the builder's last lines.
    """
    context = (root / config.context).resolve()
    lines: deque[str] = deque(maxlen=_KEPT_LINES)
    built = ""
    what = f"candidate.build: {context / config.dockerfile} does not build"
    with engine_errors(what):
        stream = client.api.build(
            path=str(context),
            dockerfile=config.dockerfile,
            buildargs=dict(config.args),
            rm=True,
            forcerm=True,
            decode=True,
            timeout=_BUILD_SILENCE,
        )
        for message in stream:
            if "error" in message:
                said = "\n".join(lines)
                raise EngineError(f"{what}: {message['error'].strip()}\n{said}".rstrip())
            lines.extend(str(message.get("stream", "")).splitlines())
            built = _built_id(message) or built
    if not built:
        raise EngineError(f"{what}: the builder ended without an image\n" + "\n".join(lines))
    return built


def candidate_of(name: str, reference: str, described: dict[str, Any]) -> Candidate:
    """The identity of an image that the engine described."""
    variant = described.get("Variant") or ""
    platform = "/".join(p for p in (described["Os"], described["Architecture"], variant) if p)
    pushed = {digest.partition("@")[2] for digest in described.get("RepoDigests") or []}
    return Candidate(
        name=name,
        reference=reference,
        config_digest=described["Id"],
        # Two pushes of one image may have been compressed differently: then neither is *the* one.
        manifest_digest=pushed.pop() if len(pushed) == 1 else None,
        platform=platform,
    )


class DockerImage:
    """An image as the engine knows it."""

    def __init__(self, client: DockerClient, described: dict[str, Any]) -> None:
        self._client = client
        self._described = described

    @property
    def config_digest(self) -> str:
        """`sha256:...`"""
        return cast(str, self._described["Id"])

    @property
    def config(self) -> dict[str, Any]:
        """The OCI image configuration's `config`; empty where the image has none."""
        return self._described.get("Config") or {}

    @property
    def size_bytes(self) -> int:
        """Uncompressed size of all layers."""
        return int(self._described["Size"])

    @property
    def history(self) -> tuple[str, ...]:
        """The build steps, newest first. Raises EngineError."""
        with engine_errors(f"history of {self.config_digest}"):
            steps = self._client.api.history(self.config_digest)
        return tuple(step.get("CreatedBy") or step.get("Comment") or "" for step in steps)

    def files(self, content_up_to: int = 0) -> Iterator[ImageFile]:
        """Every regular file, in one streamed pass; contents of those up to `content_up_to` bytes.

        A container is created for it but never started. Raises EngineError.
        """
        what = f"files of {self.config_digest}"
        with engine_errors(what):
            container = self._client.api.create_container(
                self.config_digest,
                # An image without a command cannot be created otherwise; it is never run.
                command=["/nothing"],
                labels=self._client.reaper.labels(),
                use_config_proxy=False,
            )["Id"]
        try:
            with engine_errors(what):
                yield from self._read(container, content_up_to)
        except tarfile.TarError as problem:
            raise EngineError(f"{what}: the engine's archive is broken: {problem}") from None
        finally:
            with engine_errors(what):
                self._client.api.remove_container(container, v=True, force=True)

    def _read(self, container: str, content_up_to: int) -> Iterator[ImageFile]:
        # Not through the SDK: it cannot close a stream that is broken off.
        with watchdog.streamed(self._client.address, f"/containers/{container}/export") as stream:
            with tarfile.open(fileobj=stream, mode="r|", bufsize=_CHUNK) as archive:
                for member in archive:
                    if member.isreg() and not _made_by_the_engine(member):
                        yield _file(archive, member, content_up_to)


def _made_by_the_engine(member: tarfile.TarInfo) -> bool:
    """Whether it is one of the empty files that creating a container puts over the image."""
    return member.size == 0 and member.name.removeprefix("./") in _ENGINE_FILES


def _file(archive: tarfile.TarFile, member: tarfile.TarInfo, content_up_to: int) -> ImageFile:
    content = None
    if 0 < content_up_to and member.size <= content_up_to:
        stream = archive.extractfile(member)
        content = stream.read(content_up_to) if stream is not None else None
    path = "/" + member.name.removeprefix("./").lstrip("/")
    return ImageFile(path, member.size, member.mode & 0o7777, content)


def _built_id(message: dict[str, Any]) -> str:
    """The image that one line of the builder names: in full where it does, else its short id."""
    exact = message.get("aux", {}).get("ID", "") if isinstance(message.get("aux"), dict) else ""
    if exact:
        return str(exact)
    found = _BUILT.search(str(message.get("stream", "")))
    return found[1] if found else ""
