"""Statements attached to an image in its registry, as OCI 1.1 referrers: found by its digest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harness.pushing import RegistryError
from harness.pushing.registry import (
    OCI_INDEX,
    OCI_MANIFEST,
    Manifest,
    Registry,
    digest_of,
)

ARTIFACT = "application/vnd.in-toto+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
_TRIES = 3  # at a list that others write to as well


@dataclass(frozen=True, slots=True)
class Attached:
    """One signed statement, as its file holds it."""

    name: str  # of the file
    predicate_type: str
    envelope: bytes


def attach(registry: Registry, image: Manifest, statements: Sequence[Attached]) -> str:
    """Attach all `statements` to `image`: one artifact, so that none is there without the others.

    Returns the digest of the artifact, once the registry lists it under the image: by its
    referrers API or, where it has none, by the tag that the specification puts in its place.
    Raises RegistryError.
    """
    what = f"statements of {registry.reference.name}@{image.digest}"
    for statement in statements:
        registry.put_blob(statement.envelope, what=f"{what}: {statement.name}")
    registry.put_blob(_EMPTY, what=what)
    content = _artifact(image, statements)
    digest = digest_of(content)
    answer = registry.put_manifest(digest, content, OCI_MANIFEST)
    stored = registry.manifest(digest)
    if answer.header("OCI-Subject") == image.digest:  # so a registry says that it keeps the list
        return digest
    if registry.referring(image.digest) is None:
        _enlist(registry, image, stored)
    if digest not in listed(registry, image.digest):
        raise RegistryError(f"{what}: {digest} is stored, but the registry does not list it")
    return digest


def listed(registry: Registry, digest: str) -> tuple[str, ...]:
    """Digests of whatever refers to the manifest `digest`. Raises RegistryError."""
    found = registry.referring(digest) or registry.find(fallback_tag(digest))
    return tuple(str(each.get("digest")) for each in _entries(found))


def fallback_tag(digest: str) -> str:
    """The tag of the list where the registry keeps none itself."""
    return digest.replace(":", "-")


def _artifact(image: Manifest, statements: Sequence[Attached]) -> bytes:
    empty = {"mediaType": _EMPTY_TYPE, "digest": digest_of(_EMPTY), "size": len(_EMPTY)}
    layers = [
        {
            "mediaType": ENVELOPE,
            "digest": digest_of(statement.envelope),
            "size": len(statement.envelope),
            "annotations": {
                "in-toto.io/predicate-type": statement.predicate_type,
                "org.opencontainers.image.title": statement.name,
            },
        }
        for statement in statements
    ]
    return _json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "artifactType": ARTIFACT,
            "config": empty,
            "layers": layers,
            "subject": image.descriptor(),
        }
    )


def _enlist(registry: Registry, image: Manifest, artifact: Manifest) -> None:
    """Put the artifact into the list under the fallback tag, beside what others put there.

    The registry has no compare-and-set: who writes at the same time may take our line out again,
    so that it is looked for and, if need be, written once more.
    """
    tag = fallback_tag(image.digest)
    line = {**artifact.descriptor(), "artifactType": ARTIFACT}
    for _ in range(_TRIES):
        entries = _entries(registry.find(tag))
        if artifact.digest in [entry.get("digest") for entry in entries]:
            return
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*entries, line]}
        registry.put_manifest(tag, _json(index), OCI_INDEX)


def _entries(index: Manifest | None) -> list[dict[str, Any]]:
    """What an index lists. Raises RegistryError where it is none."""
    if index is None:
        return []
    entries = index.document.get("manifests") if index.media_type == OCI_INDEX else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RegistryError(f"{index.digest}: is no list of referrers; it was left as it is")
    return entries


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
