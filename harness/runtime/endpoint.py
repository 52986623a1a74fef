"""What every runtime offers: the words `Endpoint` and `Runtime` as types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from harness.model import Candidate, Exit, Usage
from harness.runtime.first import FirstProcess


@dataclass(frozen=True, slots=True)
class Sandbox:
    """How one instance of the candidate is started; the defaults are what gate.toml says."""

    read_only: bool = False  # read-only root with a tmpfs at /tmp
    network: str | None = None  # "none" or "open"; None: what gate.toml says


class Endpoint(Protocol):
    """A running candidate on 127.0.0.1."""

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:port`, without a slash at the end."""

    def running(self) -> bool:
        """Whether it still runs."""

    def logs(self) -> str:
        """What it wrote so far, both streams, the last 256 KiB, undecodable bytes replaced."""

    def usage(self) -> Usage:
        """Its resources now. Not measured is None."""

    def exit(self) -> Exit | None:
        """How it ended, or None while it runs or where that cannot be known."""

    def stop(self, grace: float) -> Exit:
        """SIGTERM, `grace` seconds, SIGKILL. The instance stays readable until it is removed."""

    def bind(self, processors: Sequence[int]) -> None:
        """Let it run on these processors of the host alone."""

    def pause(self) -> None:
        """Keep its processes from running; their memory stays."""

    def unpause(self) -> None:
        """Let them run again."""

    def restart(self) -> None:
        """Start the stopped instance again, with the files that it left behind."""

    def first_process(self) -> FirstProcess | None:
        """What the stop signal is sent to; None where it does not run or cannot be seen."""

    def remove(self) -> None:
        """Remove it and what belongs to it; a second call does nothing."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A regular file of an image."""

    path: str  # absolute, as seen inside
    size: int  # bytes
    mode: int  # permission bits
    content: bytes | None  # of files up to the bound that the reader asked for, else None


class Image(Protocol):
    """The candidate's image, read without running anything in it."""

    @property
    def config_digest(self) -> str:
        """`sha256:...`"""

    @property
    def config(self) -> dict[str, Any]:
        """The OCI image configuration's `config`: User, Env, ExposedPorts, Labels, Cmd..."""

    @property
    def size_bytes(self) -> int:
        """Uncompressed size of all layers."""

    @property
    def history(self) -> tuple[str, ...]:
        """The build steps, newest first."""

    def files(self, content_up_to: int = 0) -> Iterator[ImageFile]:
        """Every regular file of the flattened file system, in one streamed pass."""


class Runtime(Protocol):
    """A place where candidates run: docker, process, remote."""

    name: str

    def resolve(self) -> Candidate:
        """Find out what is under test, building it first where asked. Raises EngineError."""

    def start(self, sandbox: Sandbox = Sandbox()) -> Endpoint:
        """Start an instance, its sidecars first. It may die at once: that is a fact, not an error.

        Raises EngineError where the infrastructure fails.
        """

    def image(self) -> Image | None:
        """The image under test; None where there is none."""

    def close(self) -> None:
        """Remove everything that this runtime started."""
