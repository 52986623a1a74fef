"""Local processes: how they are started, looked at and ended."""

from __future__ import annotations

import json
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import EngineError
from harness.runtime import Endpoint, Runtime, Sandbox, wait_ready

pytestmark = pytest.mark.alone

SERVE = f'command = ["{sys.executable}", "-u", "app.py"]\n'


def python(code: str) -> str:
    """The `command` of a candidate that is this Python code."""
    return f"command = {json.dumps([sys.executable, '-u', '-c', code])}\n"


def ended(endpoint: Endpoint) -> Endpoint:
    """The endpoint, once its process is over."""
    ends = time.monotonic() + 10
    while endpoint.running():
        assert time.monotonic() < ends
        time.sleep(0.01)
    return endpoint


def test_it_serves_on_a_free_port_from_the_gates_folder(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(SERVE)
    one, other = runtime.start(), runtime.start()
    for endpoint in (one, other):
        assert wait_ready(endpoint, "/", 20, lambda url: "").ready
    assert one.base_url != other.base_url
    usage = one.usage()
    assert usage.memory_bytes and usage.memory_bytes > 1 << 20
    assert usage.cpu_s is not None and usage.threads and usage.fds
    assert usage.memory_limit_bytes is usage.throttled_periods is None
    assert one.stop(10.0).code == 0
    assert one.logs().startswith("mode serve\n") and one.logs().endswith("\nended\n")
    assert one.usage().memory_bytes is None
    assert other.running()


def test_of_the_environment_it_gets_little(
    opened: Callable[[str], Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "not for the candidate")
    endpoint = opened(SERVE + 'environment = { DECLARED = "yes" }\n').start()
    assert wait_ready(endpoint, "/", 20, lambda url: "").ready
    with urllib.request.urlopen(endpoint.base_url) as answer:
        inside: dict[str, Any] = json.loads(answer.read())["environment"]
    inside.pop("LC_CTYPE", None)  # python's own, in a plain C locale
    assert set(inside) <= {"PATH", "HOME", "LANG", "PORT", "DECLARED"}
    assert inside["DECLARED"] == "yes"


def test_the_port_is_put_into_the_arguments(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened('command = ["echo", "--bind=127.0.0.1:{port}"]\n').start()
    port = endpoint.base_url.rpartition(":")[2]
    assert ended(endpoint).logs() == f"--bind=127.0.0.1:{port}\n"
    assert int(port) > 0


def test_the_command_line_is_the_reference(opened: Callable[[str], Runtime]) -> None:
    found = opened('command = ["python", "my app.py"]\n').resolve()
    assert (found.reference, found.config_digest) == ("python 'my app.py'", None)


def test_a_command_that_is_not_there_is_a_dead_candidate(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened('command = ["/no/such/server"]\n').start()
    startup = wait_ready(endpoint, "/", 20, lambda url: "")
    assert startup.exit_code == 127
    assert startup.logs == "/no/such/server: No such file or directory\n"


def test_an_exit_code_is_kept(opened: Callable[[str], Runtime]) -> None:
    endpoint = ended(opened(python("raise SystemExit(3)")).start())
    found = endpoint.exit()
    assert found is not None and found.code == 3
    assert endpoint.stop(1.0) == found


def test_death_by_a_signal_is_128_and_its_number(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened(python("import time; print('up'); time.sleep(60)")).start()
    while "up" not in endpoint.logs():
        time.sleep(0.01)
    assert endpoint.stop(10.0).code == 143


def test_who_ignores_sigterm_is_killed_with_its_children(
    opened: Callable[[str], Runtime],
) -> None:
    code = (
        "import os, signal, subprocess, sys, time; signal.signal(15, signal.SIG_IGN); "
        "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print(c.pid, flush=True); time.sleep(60)"
    )
    endpoint = opened(python(code)).start()
    while not endpoint.logs().endswith("\n"):
        time.sleep(0.01)
    child = int(endpoint.logs())
    found = endpoint.stop(0.2)
    assert found.killed and found.code is None
    ends = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and "Z" not in state(child):
        assert time.monotonic() < ends
        time.sleep(0.01)


def state(pid: int) -> str:
    """The state letter of a process, or nothing."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return "Z"
    return text.rpartition(")")[2].split()[0]


def test_logs_are_the_last_quarter_of_a_megabyte(opened: Callable[[str], Runtime]) -> None:
    code = "import sys; sys.stdout.write('x' * 3_000_000 + 'the end'); sys.stdout.flush()"
    endpoint = ended(opened(python(code)).start())
    assert len(endpoint.logs()) == 256 * 1024
    assert endpoint.logs().endswith("the end")


def test_undecodable_bytes_are_replaced(opened: Callable[[str], Runtime]) -> None:
    endpoint = ended(opened(python("import os; os.write(1, b'a\\xffb')")).start())
    assert endpoint.logs() == "a\ufffdb"


@pytest.mark.parametrize("sandbox", [Sandbox(read_only=True), Sandbox(network="none")])
def test_a_sandbox_is_refused_not_forgotten(
    opened: Callable[[str], Runtime], sandbox: Sandbox
) -> None:
    with pytest.raises(EngineError, match="a local process cannot be given"):
        opened(SERVE).start(sandbox)


def test_a_stopped_command_is_started_again_on_the_same_port(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint = opened(SERVE).start()
    assert wait_ready(endpoint, "/", 20, lambda url: "").ready
    began, url = endpoint.started_at, endpoint.base_url  # type: ignore[attr-defined]
    assert endpoint.stop(10.0).code == 0
    endpoint.restart()
    assert wait_ready(endpoint, "/", 20, lambda url: "").ready
    assert (endpoint.base_url, endpoint.exit()) == (url, None)
    assert endpoint.started_at > began  # type: ignore[attr-defined]
    assert endpoint.stop(10.0).code == 0


def test_the_first_process_is_the_command_with_its_children(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint = opened('command = ["sh", "-c", "trap : USR1; sleep 60; true"]\n').start()
    ends = time.monotonic() + 10
    first = endpoint.first_process()
    while (first is None or first.others != ("sleep 60",)) and time.monotonic() < ends:
        time.sleep(0.01)
        first = endpoint.first_process()
    assert first is not None and first.is_shell and first.hears
    assert first.others == ("sleep 60",)  # at first a copy of the shell, which then becomes it
    endpoint.stop(0.2)
    assert endpoint.first_process() is None


def test_it_has_no_image(opened: Callable[[str], Runtime]) -> None:
    assert opened(SERVE).image() is None


def test_closing_ends_everything(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(python("import time; time.sleep(60)"))
    endpoint = runtime.start()
    runtime.close()
    runtime.close()
    assert not endpoint.running()
    with pytest.raises(EngineError, match="the runtime is closed"):
        runtime.start()
