"""User, ports and secrets in an image's configuration."""

from __future__ import annotations

import pytest

from harness.model import Finding, Measurement, Severity
from harness.static.imageconfig import configured_secrets, ports, user

TOKEN = "w9Kf2Qm7Lx" + "4Vb8Rz3Ht6"


def rules(seen: list[Measurement | Finding]) -> list[tuple[str, Severity]]:
    return [(one.rule, one.severity) for one in seen if isinstance(one, Finding)]


@pytest.mark.parametrize("name", ["", "root", "0", "0:0", "root:app", "admin", None])
def test_root_is_found_under_every_name(name: str | None) -> None:
    seen = user({"User": name}, {"root": 0, "admin": 0})
    assert seen[0] == Measurement("user_id", 0.0)
    assert rules(seen) == [("root-user", Severity.ERROR)]


def test_root_is_found_without_any_accounts() -> None:
    assert rules(user({}, {})) == [("root-user", Severity.ERROR)]


@pytest.mark.parametrize(("name", "number"), [("10001:10001", 10001.0), ("app", 1000.0)])
def test_another_user_is_fine(name: str, number: float) -> None:
    assert user({"User": name}, {"root": 0, "app": 1000}) == [Measurement("user_id", number)]


def test_a_user_that_does_not_exist_is_an_error() -> None:
    assert rules(user({"User": "app"}, {"root": 0})) == [("user-unknown", Severity.ERROR)]


def test_the_port_is_exposed() -> None:
    exposed: dict[str, object] = {"5000/tcp": {}, "9090/tcp": {}}
    assert ports({"ExposedPorts": exposed}, 5000) == [Measurement("exposed_ports", 2.0)]


@pytest.mark.parametrize("exposed", [{"5000/tcp": {}}, {"8080/udp": {}}])
def test_another_port_is_an_error_that_names_it(exposed: dict[str, object]) -> None:
    seen = ports({"ExposedPorts": exposed}, 8080)
    assert rules(seen) == [("port-other", Severity.ERROR)]
    assert isinstance(seen[1], Finding)
    assert "8080" in seen[1].message


@pytest.mark.parametrize("exposed", [None, {}])
def test_no_port_at_all_is_a_warning(exposed: object) -> None:
    assert rules(ports({"ExposedPorts": exposed}, 8080)) == [("port-not-exposed", Severity.WARNING)]


def test_a_secret_in_the_environment_is_named_once_though_the_history_holds_it_too() -> None:
    found = configured_secrets(
        {"Env": ["PATH=/bin", f"STORE_TOKEN={TOKEN}"]},
        [f"/bin/sh -c #(nop)  ENV STORE_TOKEN={TOKEN}", "CMD x"],
    )
    assert [(one.location, one.received) for one in found] == [
        ("ENV STORE_TOKEN", "w9Kf... (20 characters)")
    ]
    assert TOKEN not in repr(found)


def test_a_build_argument_stays_in_the_history() -> None:
    found = configured_secrets({}, ["CMD x", f"|1 API_TOKEN={TOKEN} /bin/sh -c pip install y"])
    assert [one.location for one in found] == ["history step 2 (newest first), API_TOKEN"]


def test_a_token_in_a_command_of_the_history_is_found() -> None:
    step = f'RUN curl -H "Authorization: Bearer {TOKEN}" https://e.org'
    assert [one.rule for one in configured_secrets({}, [step])] == ["authorization-header"]


def test_labels_and_the_command_are_searched() -> None:
    found = configured_secrets(
        {"Labels": {"ci.token": TOKEN}, "Cmd": ["serve", "--key", "ghp_" + TOKEN + TOKEN]}, []
    )
    assert [one.location for one in found] == ["LABEL ci.token", "CMD"]


def test_the_settings_of_the_official_python_image_are_no_secrets() -> None:
    env = [
        "PATH=/usr/local/bin:/usr/bin",
        "LANG=C.UTF-8",
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "PYTHON_VERSION=3.11.14",
        "PYTHON_SHA256=8d3ed8ec5c88c1c95f5e558612a725450d2452813ddad5e58fdb1a53b1209b78",
    ]
    assert configured_secrets({"Env": env}, []) == []
