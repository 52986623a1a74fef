"""The first process of a candidate: who gets the stop signal, and whether it hears it."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

_SHELLS = frozenset({"sh", "ash", "bash", "dash", "ksh", "mksh", "zsh", "busybox"})


@dataclass(frozen=True, slots=True)
class FirstProcess:
    """What the stop signal is sent to, as it was while it ran."""

    command: str  # its command line, words parted by blanks
    others: tuple[str, ...] = ()  # command lines of what runs beside it
    pid: int | None = None  # on this machine; None where it runs on another one
    hears: bool | None = None  # whether the stop signal does anything to it; None: not known

    @property
    def is_shell(self) -> bool:
        """Whether it is a shell, which keeps signals from what it has started."""
        program = self.command.split(maxsplit=1)[:1]
        return bool(program) and PurePosixPath(program[0].lstrip("-")).name in _SHELLS


def of_container(
    described: dict[str, Any], listed: Iterable[tuple[int, str]], *, local: bool, stop: str
) -> FirstProcess:
    """From the engine's description of a running container and its list of (pid, command line).

    `local` says that these are processes of this machine; `stop` names the signal, like SIGTERM.
    """
    pid = int(described["State"].get("Pid") or 0)
    said = " ".join([str(described.get("Path") or ""), *(described.get("Args") or ())]).strip()
    rows = dict(listed)
    command = rows.pop(pid, said)
    mine = pid if local and pid else None
    heard = None if mine is None else hears(mine, stop, contained=True)
    return FirstProcess(command, tuple(rows.values()), mine, heard)


def hears(
    pid: int, stop: str = "SIGTERM", *, contained: bool = False, proc: Path = Path("/proc")
) -> bool | None:
    """Whether the signal would do anything to a process of this machine; None where that is hidden.

    The first process of a container (`contained`) is spared the signals that it has no handler
    for, see pid_namespaces(7); any other dies of them, unless it ignores them.
    """
    number = _number(stop)
    try:
        text = (proc / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
        pairs = (line.partition(":") for line in text.splitlines())
        masks = {name: rest.strip() for name, _, rest in pairs}
        caught, ignored = (int(masks[name], 16) for name in ("SigCgt", "SigIgn"))
    except (OSError, KeyError, ValueError):
        return None
    bit = 1 << (number - 1)
    return bool(caught & bit) or not (contained or ignored & bit)


def _number(stop: str) -> int:
    """`SIGTERM`, `TERM` and `15` are the same to an engine."""
    if stop.isdigit():
        return int(stop)
    name = stop.upper()
    known = signal.Signals.__members__.get(name if name.startswith("SIG") else f"SIG{name}")
    return int(known or signal.SIGTERM)
