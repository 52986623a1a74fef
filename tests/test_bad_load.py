"""Bad input for load: each ends in time, in a clear outcome with its cause, and never in a blame.

Servers (tests/misbehaving.py) and whole gates are processes of their own, several at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from checks import check_load
from harness import config
from harness.contract import Contract
from harness.declare import spec_of
from harness.errors import ConfigError
from harness.judge import Judgement, judge
from harness.load import LoadError, Traffic, run, validate
from harness.model import Outcome
from harness.testing import FakeEndpoint

TESTS = Path(__file__).parent
HEAD = """version = 1
[candidate]
name = "m"
{candidate}
ready = {{ path = "/health", within = "2 s" }}
[contract]
path = "/predict"
response = "res.json"
examples = "ex.jsonl"
[load]
"""
SHORT = 'rate = "100 /s"\nduration = "1 s"\nwarmup = "0.2 s"\n'
FILES = {
    "res.json": """{"type": "object", "properties": {"positive": {"type": "boolean"}},
"required": ["positive"]}""",
    "ex.jsonl": """{"request": ["ab"], "response": {"positive": true}}
{"request": ["abc"], "response": {"positive": false}}
""",
}
ASKED_BEFORE = 12  # requests of readiness and survey, and the first of the warm-up

# Kind of misbehaviour -> what load.errors gives as the cause.
SERVERS = {
    "dies": "no connection: Connection refused",
    "unreachable": "no connection 2 s after the last start",
    "resets": "the connection broke: Connection reset by peer",
    "slow-reading": "no answer 2 s after the last start",
    "never": "no answer 2 s after the last start",
    "drip": "no answer 2 s after the last start",
    "closes": r"the connection was closed inside the body \(1\d of 1\d bytes had come\)",
    "endless": "an answer of more than 16777216 bytes",
    "headers": "more than 65536 bytes of headers",
    "garbage": "not an HTTP/1.1 status line: b'SSH-2.0-OpenSSH_9.2p1 Debian'",
    "too-long": "more bytes came than the answer's framing announced",
    "bad-chunk": "not the size of a chunk: b'zz'",
}
RATES = {"endless": SHORT.replace("100 /s", "10 /s")}  # more would be gigabytes a second
_USER = "import gevent\nfrom locust import FastHttpUser, task\nclass U(FastHttpUser):\n"
_TASK = _USER + "    @task\n    def t(self):\n        "
_POST = "self.client.post('/predict', json=['ab'])"
LOCUSTFILES = {
    "class X(:\n": r"SyntaxError: invalid syntax at File .*locustfile\.py\", line 1",
    _USER + "    pass\n": "No tasks defined on U",
    _TASK + "raise ValueError('boom')\n": r"a task raised ValueError: boom at .*locustfile\.py:6",
    _TASK
    + f"{_POST}\n        raise ValueError('late')\n": "a task raised ValueError: late at .*:7",
}
# Tasks that never end and let others run: what they hold up is not held up by the server.
ENDLESS = (
    _TASK + "while True: gevent.sleep(0.05)\n",
    _TASK + f"{_POST}\n        while True: gevent.sleep(0.05)\n",
    _TASK + f"while True: {_POST}\n",
)
NUMBERS = {
    'rate = "0 /s"': "load.rate = '0 /s': '0 /s' must be greater than zero",
    'rate = "-5 /s"': "load.rate = '-5 /s': '-5 /s' must be greater than zero",
    'rate = "1000000000 /s"': r"1e\+09 requests a second for 32 s are 3\.2e\+10 requests",
    'rate = "1 /s"\nduration = "1 ms"\nwarmup = "1 ms"': "plans not one request",
    "users = 1000000000": "load.users = 1000000000: input should be less than or equal to 10000",
    "seed = -1": "load.seed = -1: input should be greater than or equal to 0",
    'duration = "0 s"': "load.duration = '0 s': '0 s' must be greater than zero",
    'locustfile = "none.py"': "load.locustfile = 'none.py': no such file",
}
TRACES: dict[str, tuple[bytes | int, str]] = {  # content, or a size
    "empty": (b"", "it holds no request"),
    "unsorted": (
        b'{"at": 1, "path": "/predict"}\n{"at": 0.5, "path": "/predict"}\n',
        r'trace\.jsonl:2: "at" is 0\.5 after 1 on the line before: sort the lines by time',
    ),
    "huge": (10**12, "1000000000000 bytes, expected at most 268435456: cut it"),
    "of seconds and of epochs": (
        b'{"at": 0, "path": "/predict"}\n{"at": 1700000000, "path": "/predict"}\n',
        r"its requests are spread over 1\.7e\+09 s, expected at most 604800",
    ),
    "nested without an end": (b"[" * 100_000, r"trace\.jsonl:1: not JSON: maximum recursion"),
    "of bytes": (bytes(range(256)), "it cannot be read: 'utf-8' codec can't decode byte 0x80"),
}


@dataclass(frozen=True)
class Ran:
    """How a whole gate ended."""

    code: int
    said: str
    checks: Mapping[str, Mapping[str, Any]]  # by id

    def outcomes(self) -> set[str]:
        """Those of the checks that ran."""
        return {check["outcome"] for check in self.checks.values()} - {"skipped"}

    def texts(self, rule: str = "") -> str:
        """Reasons and findings; with a `rule` those findings only."""
        checks = self.checks.values()
        found = [item for check in checks for item in check["findings"]]
        told = [item["message"] for item in found if rule in ("", item["rule"])]
        return "\n".join(told if rule else [*(check["reason"] for check in checks), *told])


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """serve(kind, after): URL of a server that misbehaves after so many requests."""
    with contextlib.ExitStack() as ending:

        def begin(kind: str, after: int = ASKED_BEFORE) -> str:
            command = [sys.executable, str(TESTS / "misbehaving.py"), kind, str(after)]
            server = ending.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            ending.callback(server.kill)
            assert server.stdout is not None
            return f"http://127.0.0.1:{int(server.stdout.readline())}"

        yield begin


def _written(folder: Path, keys: str, candidate: str = 'url = "http://127.0.0.1:1"') -> Path:
    """The path of a gate.toml in a folder of its own."""
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    path = folder / "gate.toml"
    path.write_text(HEAD.format(candidate=candidate) + keys)
    return path


def _load(folder: Path, url: str, keys: str = SHORT) -> Traffic | str:
    """A load run, or why there was none."""
    gate = config.load(_written(folder, keys))
    checks = (check_load.check_latency, check_load.check_errors, check_load.check_throughput)
    limits = {name: limit for check in checks for name, limit in _limits(check).items()}
    try:
        return run(gate, FakeEndpoint(url), Contract.load(gate), limits)
    except LoadError as problem:
        return str(problem)


def _limits(check: Any) -> Mapping[str, Any]:
    spec = spec_of(check)
    assert spec is not None
    return spec.limits


def _judged(check: Any, traffic: Traffic | str) -> Judgement:
    """On a machine that does nothing else; in doubt nothing fails."""
    assert isinstance(traffic, Traffic), traffic
    limits = _limits(check)
    return judge(limits, check(replace(traffic, doubts=(), excuses=()), limits))


def _gate(path: Path, meanwhile: Callable[[int], None] = lambda pid: None) -> Ran:
    """A whole gate; `meanwhile` is called with the number of its process."""
    report = path.parent / "report"
    command = [sys.executable, "-m", "harness", "run", str(path), "--only", "load"]
    command += ["--report", str(report)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent)}
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        try:
            meanwhile(process.pid)
            said, _ = process.communicate(timeout=120)
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
    checks = json.loads((report / "report.json").read_text())["checks"]
    return Ran(process.returncode, said, {check["id"]: check for check in checks})


class Locust:
    """The Locust process of a gate whose load has begun."""

    def __init__(self, gate: int) -> None:
        """Waits until then."""
        self.process = self._find(psutil.Process(gate))
        told = json.loads(self.process.environ()["RELEASEGATE_LOAD"])
        self._events = Path(told["folder"]) / "events.jsonl"
        while not self._has_said("started"):
            time.sleep(0.02)

    def done(self) -> bool:
        """Whether it has sent everything, or is gone."""
        return not self._events.exists() or self._has_said("end")

    def _has_said(self, event: str) -> bool:
        with contextlib.suppress(FileNotFoundError):
            return b'"event": "%s"' % event.encode() in self._events.read_bytes()
        return False

    def _find(self, gate: psutil.Process) -> psutil.Process:
        while True:
            for child in gate.children(recursive=True):
                if "harness.load.locustside" in child.cmdline():
                    return child
            time.sleep(0.05)


@pytest.mark.alone
def test_a_bad_server_fails_under_load_with_the_cause(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        running = {
            kind: pool.submit(_load, tmp_path / kind, serve(kind), RATES.get(kind, SHORT))
            for kind in sorted(SERVERS)
        }
    for kind, cause in SERVERS.items():
        traffic = running[kind].result()
        errors = _judged(check_load.check_errors, traffic)
        assert errors.outcome is Outcome.FAILED, (kind, errors.reason)
        assert re.match(rf"\d+ requests failed: {cause}", errors.reason), (kind, errors.reason)
        latency = _judged(check_load.check_latency, traffic)
        assert latency.outcome is Outcome.FAILED, (kind, latency.reason)
        assert "requests got no right answer" in latency.reason
    assert time.monotonic() - began < 120


def test_a_bad_locustfile_is_an_error_with_its_cause_and_blames_no_server(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    url = serve("good", 10**9)
    sources = [*LOCUSTFILES, *ENDLESS]
    with ThreadPoolExecutor(4) as pool:
        running = []
        for number, source in enumerate(sources):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "locustfile.py").write_text(source)
            keys = SHORT + 'users = 2\nlocustfile = "locustfile.py"\n'
            running.append(pool.submit(_load, folder, url, keys))
    found = dict(zip(sources, [ran.result() for ran in running], strict=True))
    for source, cause in LOCUSTFILES.items():
        assert isinstance(text := found[source], str), source
        assert re.search(cause, text), text
    for source in ENDLESS:
        assert isinstance(traffic := found[source], Traffic), traffic
        assert any("found all 2 users busy, while only" in why for why in traffic.excuses), source
        assert not any("no answer" in failure.reason for failure in traffic.failures)


def test_a_run_shorter_than_one_answer_does_not_count_what_could_not_have_come(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    keys = 'rate = "60 /s"\nduration = "0.5 s"\nwarmup = "0.1 s"\n'
    judged = _judged(check_load.check_throughput, _load(tmp_path, serve("late", 3), keys))
    assert judged.outcome is Outcome.INCONCLUSIVE
    assert "throughput_share = 0 %, must be >= 95 % (interval 0 to 100 %" in judged.reason


@pytest.mark.parametrize(("keys", "cause"), NUMBERS.items(), ids=range(len(NUMBERS)))
def test_numbers_that_cannot_be_are_found_before_anything_starts(
    keys: str, cause: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=cause):
        validate(config.load(_written(tmp_path, keys)))


@pytest.mark.parametrize("name", TRACES)
def test_a_bad_trace_is_found_before_anything_starts(name: str, tmp_path: Path) -> None:
    content, cause = TRACES[name]
    path = _written(tmp_path, 'trace = "trace.jsonl"\n')
    with (tmp_path / "trace.jsonl").open("wb") as file:
        if isinstance(content, int):
            file.truncate(content)  # of which no block is ever written
        else:
            file.write(content)
    with pytest.raises(ConfigError, match=cause):
        validate(config.load(path))


def test_a_mistake_in_what_is_sent_ends_the_gate_with_code_2(tmp_path: Path) -> None:
    path = _written(tmp_path, 'trace = "trace.jsonl"\n')
    (tmp_path / "trace.jsonl").write_bytes(b"")
    command = [sys.executable, "-m", "harness", "run", str(path), "--only", "load"]
    ran = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 2
    assert ran.stderr.endswith("trace.jsonl: it holds no request\n")


def _fill_the_disk(gate: int) -> None:
    """From now on not one byte more of its files can be written, those of its log included."""
    pid = Locust(gate).process.pid
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))


def test_a_whole_gate_ends_in_time_with_the_cause(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    good = f'url = "{serve("good", 10**9)}"'
    loop = _written(tmp_path / "loop", SHORT + 'locustfile = "locustfile.py"\n', good)
    (loop.parent / "locustfile.py").write_text(_TASK + "while True: pass\n")
    resets = _written(tmp_path / "resets", SHORT, f'url = "{serve("resets")}"')
    disk = _written(tmp_path / "disk", SHORT.replace('"1 s"', '"9 s"'), good)
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        running = {
            "nobody listens": pool.submit(_gate, _written(tmp_path / "nobody", SHORT)),
            "resets": pool.submit(_gate, resets),
            "an endless loop": pool.submit(_gate, loop),
            "the disk is full": pool.submit(_gate, disk, _fill_the_disk),
        }
    ran = {name: future.result() for name, future in running.items()}
    assert time.monotonic() - began < 100
    assert not [one.said for one in ran.values() if "Traceback" in one.said]
    # On a busy machine no limit is broken for sure: inconclusive, with the same cause.
    assert ran.pop("resets").code in (1, 4)
    assert {name: one.code for name, one in ran.items()} == dict.fromkeys(ran, 3)
    assert "the candidate never became ready" in ran["nobody listens"].texts()
    assert "locustfile.py: Locust has not moved for 5 s" in ran["an endless loop"].texts()
    assert "its record cannot be written" in ran["the disk is full"].texts()


# What holds up the client, or the machine. Each lets the run begin first.


def _stop_for_a_second(gate: int) -> None:
    locust = Locust(gate)
    time.sleep(1.0)
    locust.process.suspend()
    time.sleep(1.0)
    locust.process.resume()


def _hog_the_core(gate: int) -> None:
    locust = Locust(gate)
    core = min(os.sched_getaffinity(0))
    locust.process.cpu_affinity([core])
    code = f"import os\nos.sched_setaffinity(0, [{core}])\nwhile True: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    while not locust.done():
        time.sleep(0.1)
    for hog in hogs:
        hog.kill()
        hog.wait()


def _slow_down_the_machine(gate: int) -> None:
    """Let the gate run for one of nine milliseconds, until it has measured its speed again."""
    locust, process = Locust(gate), psutil.Process(gate)
    # Whatever else runs, it stops when it is told to: this thread goes first on the same core.
    core = max(os.sched_getaffinity(0))
    process.nice(19)
    process.cpu_affinity([core])
    os.sched_setaffinity(0, [core])
    last = float("inf")  # processor seconds of the gate
    while (used := sum(process.cpu_times()[:2])) < last:
        process.suspend()
        time.sleep(0.008)
        process.resume()
        time.sleep(0.001)
        if last == float("inf") and locust.done():
            last = used + 0.3


@pytest.mark.alone
def test_a_client_that_is_held_up_never_fails_a_candidate(tmp_path: Path) -> None:
    load = 'rate = "250 /s"\nduration = "4 s"\nwarmup = "0.5 s"\n'
    load += '[policy.limits]\n"load.latency_p99" = "<= 60 ms"\n'
    program = str(TESTS / "misbehaving.py")
    faults = {
        "stopped": ("1000000000", _stop_for_a_second),
        "hogged": ("1000000000", _hog_the_core),
        "slowed": ("300", _slow_down_the_machine),  # a second for an answer after 300 good ones
    }
    with ThreadPoolExecutor() as pool:
        running = {}
        for name, (after, fault) in faults.items():
            command = json.dumps([sys.executable, program, "late", after])
            path = _written(tmp_path / name, load, f"command = {command}")
            running[name] = pool.submit(_gate, path, fault)
    ran = {name: future.result() for name, future in running.items()}
    for name, one in ran.items():
        assert one.outcomes() <= {"passed", "inconclusive"}, (name, one.said)
        if "inconclusive" in one.outcomes():
            assert re.search(r"\d", one.texts("disturbed-run") + one.texts("invalid-run")), name
    assert ran["stopped"].code == ran["slowed"].code == 4  # in both a limit was broken
    why = ran["stopped"].texts("disturbed-run")
    assert re.search(r"stood still for \d\.\d\d s of \d\.\d s", why), why
    why = ran["slowed"].texts("disturbed-run")
    drift = r"the same calculation took \d+\.\d\d ms before the run and \d+\.\d\d ms after it"
    # Where so much else ran that the first calculation was as slow, that is told instead.
    assert re.search(rf"{drift}|other work used \d\.\d cores", why), why
