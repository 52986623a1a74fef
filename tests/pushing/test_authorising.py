"""Credentials: whose they are, whom they are given to, and what is not believed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.pushing import RegistryError
from harness.pushing.authorising import Authoriser, Login
from harness.pushing.reference import parse_target
from harness.pushing.registry import Registry

FAR, NEAR = parse_target("reg.example.com/fraud:1"), parse_target("127.0.0.1:5000/fraud:1")
Logging = Callable[..., None]


def test_the_password_of_docker_login_is_found(logged_in: Logging) -> None:
    logged_in("reg.example.com")
    found = Login.of("reg.example.com")
    assert found is not None and (found.user, found.password) == ("ci", "open-sesame")
    assert found.basic == "Basic Y2k6b3Blbi1zZXNhbWU="
    assert Login.of("other.example.com") is None


def test_docker_hub_is_found_under_the_name_that_docker_writes(logged_in: Logging) -> None:
    logged_in("https://index.docker.io/v1/")
    assert Login.of("docker.io") is not None


def test_a_credential_helper_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    helper = tmp_path / "docker-credential-tests"
    answer = json.dumps({"ServerURL": "reg.example.com", "Username": "<token>", "Secret": "abc"})
    helper.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    helper.chmod(0o755)
    config = {"credHelpers": {"reg.example.com": "tests"}}
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert Login.of("reg.example.com") == Login(identity="abc")


def test_a_configuration_that_cannot_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = '{"auths": {"reg.example.com": {"auth": "not base64!"}}}'
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with pytest.raises(RegistryError, match="docker's configuration"):
        Login.of("reg.example.com")


def test_a_wrong_password_is_an_error_that_does_not_tell_it(
    locked: str, logged_in: Logging
) -> None:
    logged_in(locked, password="open-barley")
    with Registry(parse_target(f"{locked}/fraud:1")) as asked:
        with pytest.raises(RegistryError, match="answered 401.*docker login") as refused:
            asked.greet()
    assert "barley" not in str(refused.value)


def test_a_token_that_is_not_granted_is_an_error(tokened: str, logged_in: Logging) -> None:
    logged_in(tokened, password="open-barley")
    with Registry(parse_target(f"{tokened}/fraud:1")) as asked:
        with pytest.raises(RegistryError, match="token from .*answered 401; `docker login"):
            asked.greet()


@pytest.mark.parametrize(
    "challenge",
    [
        'Bearer realm="http://auth.example.com/token"',
        'Bearer realm="http://127.0.0.1:9/token"',
        'Bearer realm="https://a@auth.example.com/token"',
        'Bearer realm="https://auth.example.com/a b"',
        'Bearer realm="file:///etc/passwd"',
        'Bearer realm="https://[::1"',
        "Bearer",
    ],
)
def test_a_token_is_fetched_from_nowhere_unsafe(challenge: str, logged_in: Logging) -> None:
    logged_in("reg.example.com")
    with pytest.raises(RegistryError, match="expected an address with https"):
        Authoriser(FAR).meet(challenge)


@pytest.mark.parametrize("challenge", ["", "Digest realm=x", "Negotiate"])
def test_another_kind_of_challenge_is_an_error(challenge: str) -> None:
    with pytest.raises(RegistryError, match="expected basic or bearer authentication"):
        Authoriser(FAR).meet(challenge)


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"{}", b'{"token":1}', b'{"token":""}', b'{"token":"a\\r\\nX: y"}'],
)
def test_an_answer_without_a_token_that_can_be_sent_is_an_error(
    answer: bytes,
    front: Callable[[Callable[[str, str], object]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    authority = front(lambda method, path: answer)
    with pytest.raises(RegistryError, match="token from"):
        Authoriser(NEAR).meet(f'Bearer realm="http://{authority}/token",service="tests"')


def test_a_token_is_asked_for_our_repository_and_no_other(
    front: Callable[[Callable[[str, str], object]], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    asked: list[str] = []

    def hook(method: str, path: str) -> bytes:
        asked.append(path)
        return b'{"access_token":"granted"}'

    authoriser = Authoriser(NEAR)
    realm = f"http://{front(hook)}/token"
    authoriser.meet(f'Bearer realm="{realm}",service="a&b",scope="repository:other:delete"')
    assert authoriser.headers() == {"Authorization": "Bearer granted"}
    assert asked == ["/token?service=a%26b&scope=repository%3Afraud%3Apull%2Cpush"]
