"""References as people write them, and what is this machine."""

from __future__ import annotations

import pytest

from harness.errors import ConfigError
from harness.pushing.reference import Reference, is_loopback, origin, parse_target


@pytest.mark.parametrize(
    ("text", "registry", "repository", "base_url"),
    [
        ("127.0.0.1:5000/fraud:1", "127.0.0.1:5000", "fraud", "http://127.0.0.1:5000"),
        ("localhost/fraud:1", "localhost", "fraud", "http://localhost"),
        ("[::1]:5000/fraud:1", "[::1]:5000", "fraud", "http://[::1]:5000"),
        ("reg.example.com/a/b_c:1", "reg.example.com", "a/b_c", "https://reg.example.com"),
        ("fraud:1", "docker.io", "library/fraud", "https://registry-1.docker.io"),
        ("team/fraud:1", "docker.io", "team/fraud", "https://registry-1.docker.io"),
        ("index.docker.io/a/b:1", "docker.io", "a/b", "https://registry-1.docker.io"),
    ],
)
def test_a_target_is_read_as_docker_reads_it(
    text: str, registry: str, repository: str, base_url: str
) -> None:
    found = parse_target(text)
    assert found == Reference(registry, repository, "1")
    assert found.base_url == base_url


def test_a_target_without_a_tag_is_refused() -> None:
    with pytest.raises(ConfigError, match="has no tag, expected one like '127.0.0.1:5000/fraud:1"):
        parse_target("127.0.0.1:5000/fraud")


def test_a_target_with_a_digest_is_refused() -> None:
    with pytest.raises(ConfigError, match="a digest is what the registry answers"):
        parse_target("reg.example.com/fraud:1@sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "/fraud:1",
        "reg.example.com/:1",
        "reg.example.com/Fraud:1",
        "reg.example.com/../fraud:1",
        "reg.example.com/fraud:1 2",
        "reg.example.com/fraud:1\r\nX: y",
        "user@reg.example.com/fraud:1",
        "http://reg.example.com/fraud:1",
        "reg.example.com/" + "a" * 256 + ":1",
        "reg.example.com/fraud:" + "1" * 129,
    ],
)
def test_what_is_no_reference_is_wrong_usage(text: str) -> None:
    with pytest.raises(ConfigError, match="TARGET"):
        parse_target(text)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.9.9.9:1", "[::1]:5000", "::1"]
)
def test_this_machine_is_known_by_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["localhost.example.com", "127.0.0.1.example.com:5000", "10.0.0.1", "0.0.0.0", ""]
)
def test_other_machines_are_not_this_one(host: str) -> None:
    assert not is_loopback(host)


def test_an_origin_knows_the_usual_ports() -> None:
    assert origin("https://reg.example.com/a") == origin("https://reg.example.com:443/b")
    assert origin("https://reg.example.com/a") != origin("http://reg.example.com/a")


@pytest.mark.parametrize(
    "url", ["ftp://a/", "https:///a", "https://user@a/", "https://a:99999/", "https://[::1/", "a"]
)
def test_what_is_no_plain_http_url_has_no_origin(url: str) -> None:
    assert origin(url) is None
