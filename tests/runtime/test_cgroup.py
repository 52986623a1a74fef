"""Control groups: both versions read from a copy of what a kernel wrote."""

from __future__ import annotations

from pathlib import Path

from harness.model import Usage
from harness.runtime.cgroup import ControlGroups

ID = "c0ffee"


def machine(tmp_path: Path, groups: str, files: dict[str, str]) -> tuple[str, str]:
    """A /proc and a /sys/fs/cgroup with process 7 and these files."""
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(groups, encoding="utf-8")
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return str(tmp_path / "proc"), str(tmp_path / "cgroup")


FIRST = {
    f"cpu,cpuacct/docker/{ID}/cpu.stat": "nr_periods 40\nnr_throttled 3\nthrottled_time 9\n",
    f"cpuacct/docker/{ID}/cpuacct.usage": "2500000000\n",
    f"cpu/docker/{ID}/cpu.stat": "nr_periods 40\nnr_throttled 3\nthrottled_time 9\n",
    f"memory/docker/{ID}/memory.usage_in_bytes": "1000000\n",
    f"memory/docker/{ID}/memory.stat": "cache 1\ninactive_file 7\ntotal_inactive_file 400000\n",
    f"memory/docker/{ID}/memory.limit_in_bytes": "536870912\n",
    f"memory/docker/{ID}/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    f"pids/docker/{ID}/pids.current": "12\n",
}
SECOND = {
    "cpu.stat": "usage_usec 2500000\nuser_usec 1\nnr_periods 40\nnr_throttled 3\n",
    "memory.current": "1000000\n",
    "memory.stat": "anon 600000\ninactive_file 400000\n",
    "memory.max": "536870912\n",
    "memory.events": "low 0\nhigh 0\nmax 5\noom 2\noom_kill 2\n",
    "pids.current": "12\n",
}
EXPECTED = Usage(
    at=1.5,
    cpu_s=2.5,
    memory_bytes=600_000,
    memory_limit_bytes=512 << 20,
    periods=40,
    throttled_periods=3,
    processes=12,
    oom_kills=2,
)


def test_version_1(tmp_path: Path) -> None:
    groups = f"4:memory:/docker/{ID}\n3:cpu,cpuacct:/docker/{ID}\n2:pids:/docker/{ID}\n0::/\n"
    found = ControlGroups.find(7, ID, *machine(tmp_path, groups, FIRST))
    assert found is not None
    assert found.usage(1.5) == EXPECTED


def test_version_2(tmp_path: Path) -> None:
    folder = f"system.slice/docker-{ID}.scope"
    files = {f"{folder}/{name}": text for name, text in SECOND.items()}
    found = ControlGroups.find(7, ID, *machine(tmp_path, f"0::/{folder}\n", files))
    assert found is not None
    assert found.usage(1.5) == EXPECTED


def test_no_limit_is_not_a_number(tmp_path: Path) -> None:
    files = {f"x-{ID}/{name}": text for name, text in {**SECOND, "memory.max": "max\n"}.items()}
    found = ControlGroups.find(7, ID, *machine(tmp_path, f"0::/x-{ID}\n", files))
    assert found is not None
    seen = found.usage(1.5)
    assert seen is not None and seen.memory_limit_bytes is None


def test_a_process_of_another_machine_is_not_ours(tmp_path: Path) -> None:
    assert ControlGroups.find(7, "other", *machine(tmp_path, f"0::/x-{ID}\n", {})) is None


def test_a_process_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert ControlGroups.find(8, ID, *machine(tmp_path, "", {})) is None


def test_a_missing_file_is_not_measured_rather_than_zero(tmp_path: Path) -> None:
    files = {f"x-{ID}/{name}": text for name, text in SECOND.items() if name != "memory.current"}
    found = ControlGroups.find(7, ID, *machine(tmp_path, f"0::/x-{ID}\n", files))
    assert found is not None
    assert found.usage(1.5) is None
