"""`gate push` end to end: a real engine, a real registry, and what others do in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.cli import main
from harness.pushing.conduct import BOUND
from harness.report import read

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("engine")]

Asking = Callable[..., tuple[int, bytes]]
Reporting = Callable[..., Path]
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def push(image: str, target: str, report: Path, *more: str) -> int:
    """Run the command."""
    return main(["push", image, target, "--report", str(report), *more])


def tag_of(ask: Asking, host: str, path: str) -> dict[str, Any]:
    """The manifest under `repository/manifests/tag`."""
    status, body = ask(host, "GET", f"/v2/{path}")
    assert status == 200
    found: dict[str, Any] = json.loads(body)
    return found


def other_image(ask: Asking, host: str, path: str) -> Callable[[], None]:
    """Puts a manifest of somebody else's image under `repository/manifests/tag`."""
    repository = path.partition("/")[0]
    for blob in (b"{}", b"layer"):
        assert ask(host, "POST", f"/v2/{repository}/blobs/uploads/", blob)[0] == 201

    def descriptor(kind: str, size: int, digest: str) -> dict[str, object]:
        return {"mediaType": kind, "size": size, "digest": digest}

    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor(
            "application/vnd.docker.container.image.v1+json",
            2,
            "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        ),
        "layers": [],
    }

    def put() -> None:
        body = json.dumps(manifest).encode()
        assert ask(host, "PUT", f"/v2/{path}", body, MANIFEST)[0] == 201

    return put


def test_what_passed_is_pushed_bound_signed_and_attached(
    registry: str,
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    ask: Asking,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    target = f"{registry}/fraud:whole"
    more = ["--key", str(keys[0]), "--out", str(out), "--policy", "prd"]
    assert push(images[0], target, report_of(images[0]), *more) == 0
    printed = capsys.readouterr().out
    assert "attached 3 statements" in printed

    bound = read(out / BOUND)
    digest = bound.subject.manifest_digest or ""
    assert (bound.subject.reference, bound.subject.config_digest) == (target, images[0])
    assert f"pushed {target}: {digest}" in printed
    assert tag_of(ask, registry, f"fraud/manifests/{digest}")["config"]["digest"] == images[0]

    # Debian's registry has no referrers API: the list is under the tag of the specification.
    index = tag_of(ask, registry, f"fraud/manifests/{digest.replace(':', '-')}")
    (entry,) = index["manifests"]
    assert entry["artifactType"] == "application/vnd.in-toto+json"
    artifact = tag_of(ask, registry, f"fraud/manifests/{entry['digest']}")
    assert artifact["subject"]["digest"] == digest
    kept = {
        layer["annotations"]["org.opencontainers.image.title"]: ask(
            registry, "GET", f"/v2/fraud/blobs/{layer['digest']}"
        )[1]
        for layer in artifact["layers"]
    }
    assert kept == {file.name: file.read_bytes() for file in out.glob("*.intoto.json")}
    assert len(kept) == 3
    assert {layer["annotations"]["in-toto.io/predicate-type"] for layer in artifact["layers"]} == {
        "https://releasegate.dev/gate-report/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
        "https://slsa.dev/verification_summary/v1",
    }
    assert main(["verify", str(out / BOUND), "--key", str(keys[1]), "--digest", digest]) == 0


def test_without_a_key_the_report_is_bound_and_nothing_attached(
    registry: str, images: tuple[str, str], report_of: Reporting, ask: Asking
) -> None:
    report = report_of(images[0])
    stale = report.parent / "bound.report.vsa.intoto.json"  # of an earlier push
    stale.write_text("{}", encoding="utf-8")
    assert push(images[0], f"{registry}/unsigned:1", report) == 0
    assert not stale.exists()
    bound = read(report.parent / BOUND)
    tag = (bound.subject.manifest_digest or "").replace(":", "-")
    assert ask(registry, "GET", f"/v2/unsigned/manifests/{tag}")[0] == 404


def test_another_image_than_the_reports_is_not_pushed(
    registry: str,
    images: tuple[str, str],
    report_of: Reporting,
    ask: Asking,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert push(images[1], f"{registry}/refused:1", report_of(images[0])) == 1
    assert f"the image is {images[1]}" in capsys.readouterr().err
    assert ask(registry, "GET", "/v2/refused/manifests/1")[0] == 404


def test_a_tag_that_moves_before_it_is_read_back_is_caught(
    registry: str,
    front: Callable[[Any], str],
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    ask: Asking,
    capsys: pytest.CaptureFixture[str],
) -> None:
    move = other_image(ask, registry, "moved/manifests/1")
    seen: list[str] = []

    def hook(method: str, path: str) -> None:
        if path.endswith("/manifests/1"):
            seen.append(path)
            if len(seen) == 2:  # the first look is before the push
                move()

    report = report_of(images[0])
    target = f"{front(hook)}/moved:1"
    assert push(images[0], target, report, "--key", str(keys[0])) == 1
    said = capsys.readouterr()
    assert "somebody else pushed to the tag" in said.err and "attached" not in said.out
    assert not list(report.parent.glob("bound.*"))


def test_a_tag_that_moves_to_another_manifest_of_the_same_configuration_is_caught(
    registry: str,
    front: Callable[[Any], str],
    images: tuple[str, str],
    report_of: Reporting,
    ask: Asking,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def hook(method: str, path: str) -> None:
        if method == "GET":
            _, body = ask(registry, "GET", path)
            assert ask(registry, "PUT", path, body + b" ", MANIFEST)[0] == 201

    report = report_of(images[0])
    assert push(images[0], f"{front(hook)}/twin:1", report) == 1
    assert "somebody else pushed to the tag in between" in capsys.readouterr().err
    assert not list(report.parent.glob("bound.*"))


def test_a_tag_that_moves_while_the_statements_are_attached_is_caught(
    registry: str,
    front: Callable[[Any], str],
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    ask: Asking,
    capsys: pytest.CaptureFixture[str],
) -> None:
    move = other_image(ask, registry, "late/manifests/1")

    def hook(method: str, path: str) -> None:
        if method == "PUT" and "/manifests/sha256:" in path:
            move()

    report = report_of(images[0])
    assert push(images[0], f"{front(hook)}/late:1", report, "--key", str(keys[0])) == 1
    assert "somebody else pushed to the tag in between" in capsys.readouterr().err
    assert not list(report.parent.glob("bound.*"))


@pytest.mark.parametrize(
    ("last", "times"),
    [
        ("GET /v2/gone/manifests/1", 1),
        ("POST /v2/gone/blobs/uploads/", 1),
        ("PUT /v2/gone/blobs/uploads/", 2),
        ("PUT /v2/gone/manifests/sha256:", 1),
        ("GET /v2/gone/referrers/", 1),
        ("PUT /v2/gone/manifests/sha256-", 1),
        ("GET /v2/gone/manifests/1", 2),
    ],
)
def test_a_registry_that_goes_away_midway_is_an_error_and_nothing_is_written(
    last: str,
    times: int,
    front: Callable[[Any], str],
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[str] = []

    def hook(method: str, path: str) -> None:
        seen.append(f"{method} {path}")
        if sum(each.startswith(last) for each in seen) >= times:
            raise ConnectionError

    report = report_of(images[0])
    assert push(images[0], f"{front(hook)}/gone:1", report, "--key", str(keys[0])) == 3
    said = capsys.readouterr()
    assert "the rest is not done: push again" in said.err and "wrote" not in said.out
    assert not list(report.parent.glob("bound.*"))


def test_a_push_that_was_broken_off_can_be_done_again(
    registry: str,
    front: Callable[[Any], str],
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    ask: Asking,
) -> None:
    away = [True]

    def hook(method: str, path: str) -> None:
        if away[-1] and path.startswith("/v2/again/manifests/sha256-"):
            raise ConnectionError

    report, host = report_of(images[0]), front(hook)
    assert push(images[0], f"{host}/again:1", report, "--key", str(keys[0])) == 3
    away.append(False)
    assert push(images[0], f"{host}/again:1", report, "--key", str(keys[0])) == 0
    digest = read(report.parent / BOUND).subject.manifest_digest or ""
    index = tag_of(ask, registry, f"again/manifests/{digest.replace(':', '-')}")
    assert len(index["manifests"]) == 1


def test_a_registry_that_is_not_there_is_an_error_before_anything_is_pushed(
    images: tuple[str, str], report_of: Reporting, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(images[0], "127.0.0.1:9/nowhere:1", report_of(images[0])) == 3
    said = capsys.readouterr()
    assert "registry 127.0.0.1:9: HEAD /v2/nowhere/manifests/1" in said.err
    assert "pushed" not in said.out


def test_a_push_that_the_registry_does_not_take_is_an_error(
    starting: Callable[..., tuple[str, Callable[[], None]]],
    images: tuple[str, str],
    report_of: Reporting,
    capsys: pytest.CaptureFixture[str],
) -> None:
    host, stop = starting(storage=", maintenance: {readonly: {enabled: true}}")
    report = report_of(images[0])
    assert push(images[0], f"{host}/full:1", report) == 3
    said = capsys.readouterr()
    assert f"push of {host}/full:1" in said.err and "pushed" not in said.out
    assert not list(report.parent.glob("bound.*"))
    stop()


def test_a_registry_that_wants_a_password_gets_that_of_docker_login(
    locked: str,
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    logged_in: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = report_of(images[0])
    assert push(images[0], f"{locked}/kept:1", report, "--key", str(keys[0])) == 3
    assert f"`docker login {locked}` first" in capsys.readouterr().err
    logged_in(locked)
    assert push(images[0], f"{locked}/kept:1", report, "--key", str(keys[0])) == 0
    assert "attached 3 statements" in capsys.readouterr().out


@pytest.mark.parametrize("identity", ["", "refresh-me"], ids=["password", "refresh-token"])
def test_a_registry_that_wants_a_token_gets_one_of_its_authority(
    identity: str,
    tokened: str,
    images: tuple[str, str],
    report_of: Reporting,
    keys: tuple[Path, Path],
    logged_in: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    logged_in(tokened, identity=identity)
    report = report_of(images[0])
    assert push(images[0], f"{tokened}/granted:1", report, "--key", str(keys[0])) == 0
    assert "attached 3 statements" in capsys.readouterr().out
