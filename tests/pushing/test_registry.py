"""A real registry asked, and answers that no registry should give."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from harness.pushing import RegistryError
from harness.pushing.reference import parse_target
from harness.pushing.registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    Registry,
    digest_of,
    read_manifest,
)

Fronting = Callable[[Callable[[str, str], object]], str]
MANIFEST = b'{"schemaVersion":2,"config":{},"layers":[]}'
INDEX = b'{"schemaVersion":2,"manifests":[]}'


def test_what_was_stored_is_read_back(registry: str) -> None:
    with Registry(parse_target(f"{registry}/kept:1")) as asked:
        asked.greet()
        assert asked.find("1") is None
        for _ in range(2):  # a blob that is there is not sent again
            asked.put_blob(b"{}", what="configuration")
        asked.put_blob(b"x" * 300_000, what="layer")
        config = {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": digest_of(b"{}"),
            "size": 2,
        }
        document = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config,
            "layers": [],
        }
        content = json.dumps(document).encode()
        asked.put_manifest("1", content, OCI_MANIFEST)
        found = asked.manifest("1")
        assert (found.content, found.media_type) == (content, OCI_MANIFEST)
        assert asked.manifest(digest_of(content)).descriptor() == found.descriptor()


def test_what_is_not_there_is_an_error_where_it_is_needed(registry: str) -> None:
    with Registry(parse_target(f"{registry}/nothing:1")) as asked:
        with pytest.raises(RegistryError, match="/nothing:1: is not in the registry"):
            asked.manifest("1")


def test_a_manifest_that_the_registry_refuses_is_an_error_in_its_words(registry: str) -> None:
    config = {"mediaType": "text/plain", "digest": digest_of(b"never sent"), "size": 10}
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []}
    with Registry(parse_target(f"{registry}/broken:1")) as asked:
        with pytest.raises(RegistryError, match="/broken:1: .*answered 400 .*BLOB_UNKNOWN"):
            asked.put_manifest("1", json.dumps(document).encode(), OCI_MANIFEST)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (307, "answered 307"),
        (500, "answered 500"),
        (b"x" * (5 * 1024 * 1024), "at most 4194304"),
        (INDEX, "gave bytes with the digest"),
        (b"", "not a manifest"),
    ],
    ids=["redirect", "fault", "huge", "other-bytes", "empty"],
)
def test_an_answer_that_cannot_be_trusted_is_an_error(
    said: object, problem: str, front: Fronting
) -> None:
    with Registry(parse_target(f"{front(lambda method, path: said)}/evil:1")) as asked:
        with pytest.raises(RegistryError, match=problem):
            asked.manifest("sha256:" + "0" * 64)


@pytest.mark.parametrize(
    "location", ["https://evil.example/upload", "//127.0.0.1:1/upload", "", "/a b", "http://[::1"]
)
def test_an_upload_that_is_sent_elsewhere_is_not_followed(location: str, front: Fronting) -> None:
    def hook(method: str, path: str) -> Any:
        return {"Location": location} if method == "POST" else None

    with Registry(parse_target(f"{front(hook)}/elsewhere:1")) as asked:
        with pytest.raises(RegistryError, match="expected a place at the registry itself"):
            asked.put_blob(b"secret report", what="statement")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff{}",
        b'{"config":{},"config":{}}',
        b'{"config":NaN}',
        b"[" * 100_000,
        b'{"schemaVersion":2,"config":{},"manifests":[]}',
        b'{"schemaVersion":2}',
        INDEX,
        b'{"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}',
    ],
)
def test_what_readers_could_take_differently_is_no_manifest(content: bytes) -> None:
    with pytest.raises(RegistryError):
        read_manifest(content, OCI_MANIFEST, "fraud:1")


def test_a_manifest_and_an_index_are_read() -> None:
    assert read_manifest(MANIFEST, OCI_MANIFEST, "fraud:1").digest == digest_of(MANIFEST)
    assert read_manifest(INDEX, OCI_INDEX, "fraud:1").document["manifests"] == []


def test_an_unknown_kind_of_manifest_is_refused() -> None:
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    with pytest.raises(RegistryError, match="expected a manifest or an index"):
        read_manifest(MANIFEST, kind, "fraud:1")


def test_a_list_of_referrers_of_another_kind_is_no_list(registry: str, front: Fronting) -> None:
    digest = "sha256:" + "0" * 64
    for host in (registry, front(lambda method, path: 405)):
        with Registry(parse_target(f"{host}/page:1")) as asked:
            assert asked.referring(digest) is None
