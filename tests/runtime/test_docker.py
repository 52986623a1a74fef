"""Real containers: what runs, what it may do, how it ends, and that nothing is left."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from harness.errors import EngineError
from harness.runtime import Endpoint, Runtime, Sandbox, wait_ready
from harness.runtime.engine import address as engine_address

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]

BUILD = 'build = {}\nready = { within = "20 s" }\n'


def docker(*arguments: str) -> str:
    """Output of the engine's own client."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def seen(endpoint: Endpoint, ask: str = "") -> dict[str, Any]:
    """What the candidate says of its world, or of reaching `ask` (`host:port`)."""
    with urllib.request.urlopen(f"{endpoint.base_url}/?{ask}", timeout=20) as answer:
        found: dict[str, Any] = json.loads(answer.read())
        return found


def ready(runtime: Runtime, sandbox: Sandbox = Sandbox()) -> Endpoint:
    """A started instance that answers."""
    endpoint = runtime.start(sandbox)
    startup = wait_ready(endpoint, "/", 20, lambda url: "")
    assert startup.ready, startup
    return endpoint


def test_a_candidate_is_sandboxed_and_on_loopback_alone(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(
        BUILD + 'environment = { DECLARED = "yes" }\n'
        'resources = { cpus = 0.5, memory = "96 MiB", pids = 40 }\n'
    )
    endpoint = ready(runtime)
    inside = seen(endpoint)
    assert int(inside["capabilities"], 16) == 0
    assert inside["no_new_privileges"] == "1"
    assert inside["environment"]["DECLARED"] == "yes"
    container = docker("ps", "-q", "--filter", f"label={run(runtime)}")
    found = json.loads(docker("inspect", container))[0]
    host = found["HostConfig"]
    assert found["Image"] == runtime.resolve().config_digest
    assert (host["Memory"], host["MemorySwap"]) == (96 << 20, 96 << 20)
    assert (host["NanoCpus"], host["PidsLimit"]) == (500_000_000, 40)
    assert host["LogConfig"]["Config"]["max-size"] == "1m"
    assert not host["Binds"] and not found["Mounts"] and not host["Privileged"]
    assert [b["HostIp"] for b in found["NetworkSettings"]["Ports"]["8080/tcp"]] == ["127.0.0.1"]
    usage = endpoint.usage()
    assert usage.memory_limit_bytes == 96 << 20
    assert usage.cpu_s and usage.memory_bytes and usage.threads
    ended = endpoint.stop(10.0)
    assert (ended.code, ended.killed) == (0, False)
    endpoint.remove()
    assert "ended" in endpoint.logs()
    assert endpoint.exit() == ended


def test_a_worker_that_is_killed_for_memory_is_counted_while_its_parent_lives(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint: Any = opened(
        BUILD + 'environment = { MODE = "workers" }\nresources = { memory = "48 MiB" }\n'
    ).start()
    ends = time.monotonic() + 20
    while endpoint.usage().restarts != 1 and time.monotonic() < ends:
        time.sleep(0.1)
    usage = endpoint.usage()
    assert (usage.oom_kills, usage.restarts) == (1, 1)
    assert endpoint.running() and usage.fds > 2 and usage.threads == 2

    endpoint._groups = None  # as on a machine that does not show them: the engine's API alone
    usage = endpoint.usage()
    assert (usage.oom_kills, usage.restarts, usage.fds) == (1, 0, None)
    assert usage.memory_bytes > 0 and usage.cpu_s > 0

    assert not endpoint.stop(10.0).oom_killed  # its first process was not
    assert endpoint.usage().oom_kills == 1


def run(runtime: Runtime) -> str:
    """The label of a runtime's run."""
    late: Any = runtime
    return f"releasegate.run={late._late.get().reaper.run}"


@pytest.mark.parametrize("target", ["1.1.1.1:80", "169.254.169.254:80", "pypi.org:443"])
def test_nothing_outside_answers(opened: Callable[[str], Runtime], target: str) -> None:
    endpoint = ready(opened(BUILD))
    assert seen(endpoint, target)["reached"] != "connected"


def test_a_candidate_that_downloads_at_start_is_not_ready_and_is_told_why(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint = opened(BUILD + 'environment = { MODE = "download" }\n').start()
    startup = wait_ready(endpoint, "/", 20, lambda url: "")
    assert not startup.ready
    assert startup.exit_code == 1
    assert "No route to host" in startup.reason
    assert 'network = "open"' in startup.hint


def test_a_sidecar_is_reached_by_its_name(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(
        BUILD + '[candidate.services.graph]\nimage = "releasegate-tried-sidecar"\nport = 8080\n'
    )
    sidecar = opened(BUILD).resolve().config_digest or ""
    docker("tag", sidecar, "releasegate-tried-sidecar")
    try:
        assert seen(ready(runtime), "graph:8080")["reached"] == "connected"
    finally:
        docker("rmi", "--no-prune", "--force", "releasegate-tried-sidecar")


def test_the_digest_runs_also_after_the_tag_was_moved(opened: Callable[[str], Runtime]) -> None:
    tag = "releasegate-tried-moving:1"
    first = opened('build = { args = { VERSION = "first" } }\n').resolve().config_digest or ""
    second = opened('build = { args = { VERSION = "second" } }\n').resolve().config_digest or ""
    docker("tag", first, tag)
    runtime = opened(f'image = "{tag}"\n')
    assert runtime.resolve().config_digest == first
    docker("tag", second, tag)
    try:
        assert seen(ready(runtime))["version"] == "first"
    finally:
        docker("rmi", "--no-prune", "--force", tag)


def test_death_is_a_fact_with_its_code_and_its_logs(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened(BUILD + 'environment = { MODE = "exit" }\n').start()
    startup = wait_ready(endpoint, "/", 20, lambda url: "")
    assert (startup.ready, startup.exit_code) == (False, 3)
    assert startup.reason.startswith("ended with exit code 3")
    endpoint.remove()
    endpoint.remove()
    assert endpoint.logs() == "mode exit\n"


def test_running_out_of_memory_is_named(opened: Callable[[str], Runtime]) -> None:
    endpoint = opened(
        BUILD + 'environment = { MODE = "eat" }\nresources = { memory = "32 MiB" }\n'
    ).start()
    startup = wait_ready(endpoint, "/", 20, lambda url: "")
    assert startup.oom_killed
    assert "out of memory" in startup.reason
    assert "candidate.resources.memory" in startup.hint


def test_who_does_not_hear_sigterm_is_killed_after_the_grace(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint = ready(opened(BUILD + 'environment = { MODE = "deaf" }\n'))
    ended = endpoint.stop(0.3)
    assert ended.killed
    assert ended.code is None
    assert 0.3 <= ended.seconds < 5


def test_a_paused_container_answers_once_it_goes_on_and_can_be_removed_while_paused(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint = ready(opened(BUILD))
    endpoint.pause()
    with pytest.raises(OSError):
        urllib.request.urlopen(endpoint.base_url, timeout=0.5)
    assert endpoint.running() and endpoint.usage().memory_bytes
    endpoint.unpause()
    assert seen(endpoint)["capabilities"]
    endpoint.pause()
    endpoint.remove()
    assert not endpoint.running()


def test_a_stopped_container_is_started_again_with_what_it_wrote(
    opened: Callable[[str], Runtime],
) -> None:
    endpoint = ready(opened(BUILD))
    first = endpoint.first_process()
    assert first is not None
    assert (first.command, first.others) == ("python3 -u /app.py", ())
    assert first.pid is not None and first.hears is True
    assert endpoint.stop(10.0).code == 0
    assert endpoint.first_process() is None
    endpoint.restart()
    assert wait_ready(endpoint, "/", 20, lambda url: "").ready
    assert endpoint.exit() is None
    assert endpoint.usage().memory_bytes
    assert endpoint.logs().count("mode serve") == 2


def test_an_entry_point_that_is_not_there_is_the_candidates_fault(
    opened: Callable[[str], Runtime], gate_of: Callable[[str], Any]
) -> None:
    runtime = opened(BUILD)
    gate: Any = runtime
    (gate._gate.root / "Dockerfile").write_text(
        'FROM releasegate-base:bookworm\nCMD ["/no/such/server"]\n', encoding="utf-8"
    )
    endpoint = runtime.start()
    startup = wait_ready(endpoint, "/", 20, lambda url: "")
    assert startup.exit_code == 127
    assert "/no/such/server" in startup.logs
    assert "not found" in startup.hint


def test_a_read_only_root_has_a_writable_tmp(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(BUILD)
    ready(runtime, Sandbox(read_only=True))
    container = docker("ps", "-q", "--filter", f"label={run(runtime)}")
    assert docker("exec", container, "python3", "-c", "open('/tmp/x', 'w'); print('written')")
    refused = subprocess.run(
        ["docker", "exec", container, "python3", "-c", "open('/x', 'w')"], capture_output=True
    )
    assert b"Read-only file system" in refused.stderr


def test_two_runs_at_once_do_not_disturb_each_other(opened: Callable[[str], Runtime]) -> None:
    one, other = opened(BUILD), opened(BUILD)
    endpoints: list[Endpoint] = []
    threads = [
        threading.Thread(target=lambda r: endpoints.append(ready(r)), args=(runtime,))
        for runtime in (one, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    label = run(one)
    one.close()
    assert not docker("ps", "-aq", "--filter", f"label={label}")
    assert not docker("network", "ls", "-q", "--filter", f"label={label}")
    assert sorted(answers(endpoint) for endpoint in endpoints) == [False, True]


def answers(endpoint: Endpoint) -> bool:
    """Whether somebody answers at its address."""
    try:
        return bool(seen(endpoint))
    except OSError:
        return False


def test_an_open_network_is_another_network(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(BUILD)
    ready(runtime, Sandbox(network="open"))
    networks = docker("network", "ls", "-q", "--filter", f"label={run(runtime)}").split()
    described = json.loads(docker("network", "inspect", *networks))
    assert len(described) == 1
    assert "com.docker.network.bridge.enable_ip_masquerade" not in described[0]["Options"]


def test_nothing_is_started_in_a_closed_runtime(opened: Callable[[str], Runtime]) -> None:
    runtime = opened(BUILD)
    runtime.close()
    runtime.close()
    with pytest.raises(EngineError, match="the runtime is closed"):
        runtime.start()


def test_what_is_being_made_when_the_run_ends_is_removed_too(
    opened: Callable[[str], Runtime],
) -> None:
    runtime = opened(BUILD)
    runtime.resolve()
    label, late = run(runtime), vars(runtime)["_late"]

    def start() -> None:
        with suppress(EngineError):
            runtime.start()

    thread = threading.Thread(target=start)
    thread.start()
    while not late._making:
        time.sleep(0.001)
    runtime.close()
    thread.join()
    assert not docker("ps", "-aq", "--filter", f"label={label}")
    assert not docker("network", "ls", "-q", "--filter", f"label={label}")


def test_an_engine_behind_docker_host_is_used(
    opened: Callable[[str], Runtime], monkeypatch: pytest.MonkeyPatch
) -> None:
    with forwarded() as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        runtime = opened(BUILD)
        assert seen(ready(runtime))["version"] == "1"
        runtime.close()


@contextmanager
def forwarded() -> Iterator[str]:
    """The engine's socket behind a TCP port of loopback."""
    behind = engine_address().removeprefix("unix://")
    listening = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def carry(client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(behind)
            back = threading.Thread(target=pump, args=(engine, client), daemon=True)
            back.start()
            pump(client, engine)
            back.join()

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                threading.Thread(target=carry, args=(client,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
