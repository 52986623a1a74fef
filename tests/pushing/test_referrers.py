"""Statements attached to an image: by the referrers API, and by the tag that stands in for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.pushing import RegistryError
from harness.pushing.reference import parse_target
from harness.pushing.referrers import Attached, attach, fallback_tag, listed
from harness.pushing.registry import OCI_INDEX, OCI_MANIFEST, Manifest, Registry, digest_of

Asking = Callable[..., tuple[int, bytes]]
Fronting = Callable[[Callable[[str, str], object]], str]
TYPE = "https://releasegate.dev/gate-report/v1"
STATEMENTS = (
    Attached("report.intoto.json", TYPE, b'{"payload":"a"}'),
    Attached("report.vsa.intoto.json", "https://slsa.dev/verification_summary/v1", b'{"p":1}'),
)


def image_in(registry: Registry, mark: str = "") -> Manifest:
    """A manifest of an empty image under the tag."""
    registry.put_blob(b"{}", what="configuration")
    config = {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": digest_of(b"{}"),
        "size": 2,
    }
    document: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config,
        "layers": [],
        "annotations": {"mark": mark},
    }
    registry.put_manifest(registry.reference.tag, json.dumps(document).encode(), OCI_MANIFEST)
    return registry.manifest(registry.reference.tag)


def index_of(*others: Manifest) -> bytes:
    """A list of referrers."""
    lines = [other.descriptor() for other in others]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": lines}).encode()


def test_without_the_api_the_list_is_under_the_fallback_tag(registry: str) -> None:
    with Registry(parse_target(f"{registry}/tagged:1")) as asked:
        image = image_in(asked)
        digest = attach(asked, image, STATEMENTS)
        tag = "sha256-" + image.digest.removeprefix("sha256:")
        assert fallback_tag(image.digest) == tag
        (line,) = asked.manifest(tag).document["manifests"]
        assert (line["digest"], line["mediaType"]) == (digest, OCI_MANIFEST)
        artifact = asked.manifest(digest).document
        assert artifact["subject"] == image.descriptor()
        assert artifact["artifactType"] == line["artifactType"] == "application/vnd.in-toto+json"
        assert [layer["digest"] for layer in artifact["layers"]] == [
            digest_of(statement.envelope) for statement in STATEMENTS
        ]
        assert {layer["mediaType"] for layer in artifact["layers"]} == {
            "application/vnd.dsse.envelope.v1+json"
        }


def test_attaching_the_same_twice_changes_nothing(registry: str) -> None:
    with Registry(parse_target(f"{registry}/twice:1")) as asked:
        image = image_in(asked)
        first = attach(asked, image, STATEMENTS)
        before = asked.manifest(fallback_tag(image.digest)).content
        assert attach(asked, image, STATEMENTS) == first
        assert asked.manifest(fallback_tag(image.digest)).content == before


def test_what_others_attached_stays(registry: str) -> None:
    with Registry(parse_target(f"{registry}/shared:1")) as asked:
        other = image_in(asked, "theirs")
        image = image_in(asked)
        asked.put_manifest(fallback_tag(image.digest), index_of(other), OCI_INDEX)
        digest = attach(asked, image, STATEMENTS)
        assert listed(asked, image.digest) == (other.digest, digest)


def test_a_line_that_another_writer_took_out_is_written_again(
    registry: str, front: Fronting, ask: Asking
) -> None:
    with Registry(parse_target(f"{registry}/raced:1")) as asked:
        other = image_in(asked, "theirs")
        image = image_in(asked)
    tag = fallback_tag(image.digest)
    looks: list[str] = []

    def hook(method: str, path: str) -> None:
        if method == "GET" and path.endswith(tag):
            looks.append(path)
            if len(looks) == 2:  # after ours was written
                assert ask(registry, "PUT", path, index_of(other), OCI_INDEX)[0] == 201

    with Registry(parse_target(f"{front(hook)}/raced:1")) as asked:
        digest = attach(asked, image, STATEMENTS)
        assert listed(asked, image.digest) == (other.digest, digest)


def test_a_line_that_is_taken_out_again_and_again_is_an_error(
    registry: str, front: Fronting, ask: Asking
) -> None:
    with Registry(parse_target(f"{registry}/lost:1")) as asked:
        other = image_in(asked, "theirs")
        image = image_in(asked)

    def hook(method: str, path: str) -> None:
        if method == "GET" and path.endswith(fallback_tag(image.digest)):
            assert ask(registry, "PUT", path, index_of(other), OCI_INDEX)[0] == 201

    with Registry(parse_target(f"{front(hook)}/lost:1")) as asked:
        with pytest.raises(RegistryError, match="is stored, but the registry does not list it"):
            attach(asked, image, STATEMENTS)


def test_a_fallback_tag_that_holds_something_else_is_left_alone(registry: str) -> None:
    with Registry(parse_target(f"{registry}/taken:1")) as asked:
        image = image_in(asked)
        tag = fallback_tag(image.digest)
        asked.put_manifest(tag, image.content, OCI_MANIFEST)
        with pytest.raises(RegistryError, match="no list of referrers; it was left as it is"):
            attach(asked, image, STATEMENTS)
        assert asked.manifest(tag).content == image.content


def test_a_registry_that_says_it_keeps_the_list_needs_no_tag(
    registry: str, front: Fronting
) -> None:
    with Registry(parse_target(f"{registry}/modern:1")) as asked:
        image = image_in(asked)

    def hook(method: str, path: str) -> Any:
        return {"OCI-Subject": image.digest} if method == "PUT" and "/manifests/" in path else None

    with Registry(parse_target(f"{front(hook)}/modern:1")) as asked:
        attach(asked, image, STATEMENTS)
        assert asked.find(fallback_tag(image.digest)) is None


@pytest.mark.parametrize("keeps", [True, False])
def test_a_registry_with_the_api_has_to_list_what_was_attached(
    keeps: bool, registry: str, front: Fronting
) -> None:
    with Registry(parse_target(f"{registry}/early:{keeps}")) as asked:
        image = image_in(asked, str(keeps))
    put: list[Manifest] = []

    def hook(method: str, path: str) -> Any:
        if method == "PUT" and "/manifests/sha256:" in path and keeps:
            put.append(Manifest(b"", OCI_MANIFEST, {"digest": path.rpartition("/")[2]}))
        if "/referrers/" not in path:
            return None
        lines = [{"mediaType": OCI_MANIFEST, **each.document} for each in put]
        return json.dumps({"mediaType": OCI_INDEX, "manifests": lines}).encode()

    with Registry(parse_target(f"{front(hook)}/early:1")) as asked:
        if keeps:
            assert attach(asked, image, STATEMENTS) in listed(asked, image.digest)
        else:
            with pytest.raises(RegistryError, match="does not list it"):
                attach(asked, image, STATEMENTS)
        assert asked.find(fallback_tag(image.digest)) is None
