"""Resources from the kernel's control groups: in microseconds, where the engine needs a second."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.model import Usage

_LINE = re.compile(r"^\d+:([^:]*):(/.*)$", re.MULTILINE)
NO_LIMIT = 1 << 60  # the kernel writes "unlimited" as a number of about this size, or as "max"


@dataclass(frozen=True, slots=True)
class ControlGroups:
    """Where the files of one container are, by controller; of version 2 all under one folder."""

    version: int
    folders: dict[str, str]  # "memory", "cpu", "cpuacct", "pids" -> folder

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
            return cls(1, classic)
        unified = [path for names, path in lines if not names]
        if not unified:
            return None
        return cls(2, dict.fromkeys(("memory", "cpu", "cpuacct", "pids"), mounted + unified[0]))

    def usage(self, at: float) -> Usage | None:
        """One look; None where a file is missing: the group has gone, or was never visible.

        Memory is the working set: usage less inactive page cache. Kills by the kernel for memory
        are counted here alone: the engine only says whether there ever was one.
        """
        try:
            return self._first(at) if self.version == 1 else self._unified(at)
        except (OSError, ValueError, KeyError):
            return None

    def _first(self, at: float) -> Usage:
        cpu = self._table("cpu", "cpu.stat")
        limit = self._number("memory", "memory.limit_in_bytes")
        inactive = self._table("memory", "memory.stat")["total_inactive_file"]
        return Usage(
            at=at,
            cpu_s=self._number("cpuacct", "cpuacct.usage") / 1e9,
            memory_bytes=max(0, self._number("memory", "memory.usage_in_bytes") - inactive),
            memory_limit_bytes=limit if limit < NO_LIMIT else None,
            periods=cpu["nr_periods"],
            throttled_periods=cpu["nr_throttled"],
            processes=self._number("pids", "pids.current"),
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
            periods=cpu.get("nr_periods"),
            throttled_periods=cpu.get("nr_throttled"),
            processes=self._number("pids", "pids.current"),
            oom_kills=self._table("memory", "memory.events").get("oom_kill"),
        )

    def _number(self, controller: str, name: str) -> int:
        return int(self._text(controller, name))

    def _table(self, controller: str, name: str) -> dict[str, int]:
        lines = (line.split() for line in self._text(controller, name).splitlines())
        return {line[0]: int(line[1]) for line in lines if len(line) == 2}

    def _text(self, controller: str, name: str) -> str:
        with open(f"{self.folders[controller]}/{name}", encoding="utf-8") as file:
            return file.read().strip()
