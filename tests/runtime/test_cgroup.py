"""Control groups: both versions read from a copy of what a kernel wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from harness.model import Usage
from harness.runtime.cgroup import ControlGroups

ID = "c0ffee"


def machine(tmp_path: Path, groups: str, files: dict[str, str]) -> tuple[str, str]:
    """A /proc and a /sys/fs/cgroup with process 7, which has two files open, and these files."""
    for number in (0, 1):
        (tmp_path / "proc" / "7" / "fd" / str(number)).mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(groups, encoding="utf-8")
    (tmp_path / "proc" / "7" / "stat").write_text(f"7 (app) S 1 {'0 ' * 17}99 0\n")
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
    f"memory/docker/{ID}/memory.max_usage_in_bytes": "1700000\n",
    f"pids/docker/{ID}/pids.current": "12\n",
    f"pids/docker/{ID}/cgroup.procs": "7\n",
}
SECOND = {
    "cpu.stat": "usage_usec 2500000\nuser_usec 1\nnr_periods 40\nnr_throttled 3\n",
    "memory.current": "1000000\n",
    "memory.stat": "anon 600000\ninactive_file 400000\n",
    "memory.max": "536870912\n",
    "memory.peak": "1700000\n",
    "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
    "cgroup.procs": "7\n",
    "memory.events": "low 0\nhigh 0\nmax 5\noom 2\noom_kill 2\n",
    "pids.current": "12\n",
}
EXPECTED = Usage(
    at=1.5,
    cpu_s=2.5,
    memory_bytes=600_000,
    memory_limit_bytes=512 << 20,
    memory_peak_bytes=1_700_000,
    cache_bytes=400_000,
    periods=40,
    throttled_periods=3,
    threads=12,
    fds=2,
    oom_kills=2,
    restarts=0,
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
    assert found.usage(1.5) == replace(EXPECTED, memory_stalled_s=1.5)


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


def test_what_an_older_kernel_does_not_write_is_not_measured_by_itself(tmp_path: Path) -> None:
    newer = ("memory.peak", "memory.pressure", "pids.current", "cgroup.procs")
    files = {f"x-{ID}/{name}": text for name, text in SECOND.items() if name not in newer}
    found = ControlGroups.find(7, ID, *machine(tmp_path, f"0::/x-{ID}\n", files))
    assert found is not None
    seen = found.usage(1.5)
    assert seen == replace(EXPECTED, memory_peak_bytes=None, threads=None, fds=None, restarts=None)


def test_processes_of_a_namespace_that_is_hidden_are_not_counted(tmp_path: Path) -> None:
    files = {f"x-{ID}/{name}": text for name, text in SECOND.items()}
    files[f"x-{ID}/cgroup.procs"] = "7\n0\n"
    found = ControlGroups.find(7, ID, *machine(tmp_path, f"0::/x-{ID}\n", files))
    assert found is not None
    seen = found.usage(1.5)
    assert seen is not None and seen.fds is seen.restarts is None
