"""What a container is given, as the engine's SDK wants to hear it."""

from __future__ import annotations

from harness.config.schema import Resources
from harness.runtime.network import MASQUERADE, network_options
from harness.runtime.sandboxing import container_options


def test_there_is_no_swap_beside_the_memory() -> None:
    options = container_options(Resources(memory="1.5 GiB"), offline=True, read_only=False)
    assert options["mem_limit"] == options["memswap_limit"] == 1_610_612_736


def test_offline_nothing_is_resolved_and_nothing_is_forwarded() -> None:
    options = container_options(Resources(), offline=True, read_only=False)
    assert options["dns"] == ["127.0.0.1"]
    assert options["sysctls"] == {"net.ipv4.ip_default_ttl": "1"}


def test_an_open_network_is_left_as_it_is() -> None:
    options = container_options(Resources(), offline=False, read_only=False)
    assert not {"dns", "sysctls"} & set(options)


def test_nothing_of_the_machine_is_given() -> None:
    options = container_options(Resources(), offline=True, read_only=True)
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges"]
    assert options["read_only"] is True
    assert not {"volumes", "mounts", "devices", "privileged", "pid_mode"} & set(options)


def test_a_bridges_name_fits_an_interface() -> None:
    for offline in (True, False):
        name = network_options("f" * 32, offline=offline, podman=False)["options"]
        assert len(name["com.docker.network.bridge.name"]) <= 15
        assert name["com.docker.network.bridge.name"].startswith("rg-")


def test_the_two_networks_of_a_run_have_two_names() -> None:
    one = network_options("f" * 32, offline=True, podman=False)
    other = network_options("f" * 32, offline=False, podman=False)
    assert one["name"] != other["name"]
    assert one["options"] != other["options"]


def test_no_network_is_internal_as_those_publish_no_ports() -> None:
    for podman in (True, False):
        assert "internal" not in network_options("f" * 32, offline=True, podman=podman)


def test_podman_is_not_asked_for_an_option_that_it_does_not_know() -> None:
    assert MASQUERADE not in network_options("f" * 32, offline=True, podman=True)["options"]
