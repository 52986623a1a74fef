"""Resources from the kernel's control groups: in microseconds, where the engine needs a second."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field, replace

from harness.model import Usage
from harness.runtime.lives import Lives, open_files, processes

_LINE = re.compile(r"^\d+:([^:]*):(/.*)$", re.MULTILINE)
_STALLED = re.compile(r"^some .*\btotal=(\d+)$", re.MULTILINE)
NO_LIMIT = 1 << 60  # the kernel writes "unlimited" as a number of about this size, or as "max"


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """Where the files of one container are, by controller; of version 2 all under one folder."""

    version: int
    folders: dict[str, str]  # "memory", "cpu", "cpuacct", "pids" -> folder
    proc: str = "/proc"
    lives: Lives = field(default_factory=Lives)

    @classmethod
    def find(
        cls, pid: int, container: str, proc: str = "/proc", mounted: str = "/sys/fs/cgroup"
    ) -> ControlGroups | None:
        """Those of the container's first process; None where they cannot be seen from here."""
        try:
            with open(f"{proc}/{pid}/cgroup", encoding="utf-8") as file:
                lines = _LINE.findall(file.read())
        except OSError:
            return None
        # A process of that number on another machine, or a namespace that hides the path.
        lines = [(names, path) for names, path in lines if container in path]
        classic = {
            name: f"{mounted}/{name}{path}" for names, path in lines for name in names.split(",")
        }
        if "memory" in classic:
            return cls(1, classic, proc)
        unified = [path for names, path in lines if not names]
        if not unified:
            return None
        folders = dict.fromkeys(("memory", "cpu", "cpuacct", "pids"), mounted + unified[0])
        return cls(2, folders, proc)

    def usage(self, at: float) -> Usage | None:
        """One look; None where a file is missing: the group has gone, or was never visible.

        Memory is the working set: usage less inactive page cache. What only newer kernels write,
        or only the superuser may see, is None by itself.
        """
        try:
            found = self._first(at) if self.version == 1 else self._unified(at)
        except (OSError, ValueError, KeyError):
            return None
        pids = self._pids()
        return replace(
            found,
            threads=self._perhaps("pids", "pids.current"),
            fds=open_files(pids, self.proc) if pids else None,
            restarts=self.lives.look(processes(pids, self.proc), at) if pids else None,
        )

    def _first(self, at: float) -> Usage:
        cpu = self._table("cpu", "cpu.stat")
        limit = self._number("memory", "memory.limit_in_bytes")
        inactive = self._table("memory", "memory.stat")["total_inactive_file"]
        return Usage(
            at=at,
            cpu_s=self._number("cpuacct", "cpuacct.usage") / 1e9,
            memory_bytes=max(0, self._number("memory", "memory.usage_in_bytes") - inactive),
            memory_limit_bytes=limit if limit < NO_LIMIT else None,
            memory_peak_bytes=self._perhaps("memory", "memory.max_usage_in_bytes"),
            cache_bytes=inactive,
            periods=cpu["nr_periods"],
            throttled_periods=cpu["nr_throttled"],
            oom_kills=self._table("memory", "memory.oom_control").get("oom_kill"),
        )

    def _unified(self, at: float) -> Usage:
        cpu = self._table("cpu", "cpu.stat")
        limit = self._text("memory", "memory.max")
        inactive = self._table("memory", "memory.stat")["inactive_file"]
        return Usage(
            at=at,
            cpu_s=cpu["usage_usec"] / 1e6,
            memory_bytes=max(0, self._number("memory", "memory.current") - inactive),
            memory_limit_bytes=None if limit == "max" else int(limit),
            memory_peak_bytes=self._perhaps("memory", "memory.peak"),
            cache_bytes=inactive,
            memory_stalled_s=self._stalled(),
            periods=cpu.get("nr_periods"),
            throttled_periods=cpu.get("nr_throttled"),
            oom_kills=self._table("memory", "memory.events").get("oom_kill"),
        )

    def _pids(self) -> list[int]:
        """Processes as this process numbers them; none where it cannot see them all."""
        try:
            found = [int(line) for line in self._text("pids", "cgroup.procs").split()]
        except (OSError, ValueError, KeyError):
            return []
        return [] if 0 in found else found  # 0: of a namespace that is hidden from here

    def _stalled(self) -> float | None:
        """Seconds in which some task waited for memory; kernels without PSI have no such file."""
        with contextlib.suppress(OSError):
            told = _STALLED.search(self._text("memory", "memory.pressure"))
            return int(told[1]) / 1e6 if told else None
        return None

    def _perhaps(self, controller: str, name: str) -> int | None:
        with contextlib.suppress(OSError, ValueError, KeyError):
            return self._number(controller, name)
        return None

    def _number(self, controller: str, name: str) -> int:
        return int(self._text(controller, name))

    def _table(self, controller: str, name: str) -> dict[str, int]:
        lines = (line.split() for line in self._text(controller, name).splitlines())
        return {line[0]: int(line[1]) for line in lines if len(line) == 2}

    def _text(self, controller: str, name: str) -> str:
        with open(f"{self.folders[controller]}/{name}", encoding="utf-8") as file:
            return file.read().strip()
