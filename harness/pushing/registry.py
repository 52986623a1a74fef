"""A registry asked over HTTP: manifests and blobs, each held against its own digest."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

from harness.contract.wire.transport import Answer, Client, Prepared
from harness.errors import ReportError
from harness.pushing import RegistryError
from harness.pushing.authorising import Authoriser
from harness.pushing.reference import Reference, origin
from harness.report import printable
from harness.report.reading import strict
from harness.report.signing import is_digest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_DOCKER = "application/vnd.docker.distribution.manifest"
INDEXES = (OCI_INDEX, f"{_DOCKER}.list.v2+json")
MANIFESTS = (OCI_MANIFEST, f"{_DOCKER}.v2+json")
_MAX_MANIFEST = 4 * 1024 * 1024  # bytes: what registries take at most
_PATIENCE = 20.0  # seconds for one small request
_UPLOAD = 300.0  # seconds for one blob
_URL = re.compile(r"[\x21-\x7e]{1,4096}")
_SAID = 200  # characters of a registry's own words


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or an index, as its exact bytes say it."""

    content: bytes
    media_type: str
    document: dict[str, Any]

    @property
    def digest(self) -> str:
        """`sha256:...` of the bytes, whatever the registry says of them."""
        return digest_of(self.content)

    def descriptor(self) -> dict[str, Any]:
        """How others refer to it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.content)}


class Registry:
    """One repository of a registry. Every method raises RegistryError; nothing is retried."""

    def __init__(self, reference: Reference) -> None:
        """Nothing is asked yet."""
        self.reference = reference
        self._base = reference.base_url
        self._client = Client(self._base, _PATIENCE, _MAX_MANIFEST)
        self._authoriser = Authoriser(reference)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    def greet(self) -> None:
        """Learn whether it is there and lets us in, without looking at what it holds."""
        asked = Prepared("HEAD", self._path(f"manifests/{self.reference.tag}"))
        _expect(self._ask(asked), str(self.reference), 200, 404)

    def manifest(self, which: str) -> Manifest:
        """The manifest of a tag or digest; RegistryError where there is none."""
        found = self.find(which)
        if found is None:
            raise RegistryError(f"{self._named(which)}: is not in the registry")
        return found

    def find(self, which: str) -> Manifest | None:
        """The manifest of a tag or digest, or None where there is none."""
        what = self._named(which)
        path = self._path(f"manifests/{which}")
        answer = self._ask(Prepared("GET", path, {"Accept": ", ".join((*MANIFESTS, *INDEXES))}))
        if answer.status == 404:
            return None
        _expect(answer, what, 200)
        declared = (answer.header("Content-Type") or "").partition(";")[0].strip()
        manifest = read_manifest(answer.body, declared, what)
        if is_digest(which) and which != manifest.digest:
            raise RegistryError(
                f"{what}: the registry gave bytes with the digest {manifest.digest}"
            )
        return manifest

    def put_manifest(self, which: str, content: bytes, media_type: str) -> Answer:
        """Store a manifest under a tag or under its own digest; returns the registry's answer."""
        path = self._path(f"manifests/{which}")
        answer = self._ask(Prepared("PUT", path, {"Content-Type": media_type}, content))
        return _expect(answer, self._named(which), 201)

    def put_blob(self, content: bytes, *, what: str) -> None:
        """Store a blob, unless it is there."""
        digest = digest_of(content)
        head = self._ask(Prepared("HEAD", self._path(f"blobs/{digest}")))
        if _expect(head, what, 200, 404).status == 200:
            return
        begun = _expect(self._ask(Prepared("POST", self._path("blobs/uploads/"))), what, 202)
        url = self._upload_url(begun.header("Location") or "", digest, what)
        kind = {"Content-Type": "application/octet-stream"}
        _expect(self._ask(Prepared("PUT", url, kind, content), _UPLOAD), what, 201)

    def referring(self, digest: str) -> Manifest | None:
        """The registry's own list of what refers to a manifest; None where it keeps none."""
        what = f"referrers of {self.reference.name}@{digest}"
        answer = self._ask(Prepared("GET", self._path(f"referrers/{digest}")))
        kind = (answer.header("Content-Type") or "").partition(";")[0].strip()
        if answer.status in (404, 405) or (answer.status == 200 and kind != OCI_INDEX):
            return None  # a 200 of another kind is some page, as the specification warns
        return read_manifest(_expect(answer, what, 200).body, kind, what)

    def _named(self, which: str) -> str:
        return f"{self.reference.name}{'@' if is_digest(which) else ':'}{which}"

    def _path(self, rest: str) -> str:
        return f"/v2/{self.reference.repository}/{rest}"

    def _ask(self, prepared: Prepared, timeout: float = _PATIENCE) -> Answer:
        """One answer, asked again with credentials where the registry wants them."""
        answer = self._send(prepared, timeout)
        if answer.status == 401:
            self._authoriser.meet(answer.header("WWW-Authenticate") or "")
            answer = self._send(prepared, timeout)
        return answer

    def _send(self, prepared: Prepared, timeout: float) -> Answer:
        headers = {"Accept": "*/*", **prepared.headers, **self._authoriser.headers()}
        request = Prepared(prepared.method, prepared.path, headers, prepared.body)
        answer = self._client.send(request, timeout)
        if answer.error is not None:
            raise RegistryError(
                f"registry {self.reference.registry}: {prepared.method} "
                f"{prepared.path.partition('?')[0]}: {answer.error}; does it run, and can it be "
                "reached from here?"
            )
        return answer

    def _upload_url(self, location: str, digest: str, what: str) -> str:
        """Path and query where a blob goes: at the registry itself and nowhere else."""
        try:
            url = urljoin(f"{self._base}/", location) if _URL.fullmatch(location) else ""
        except ValueError:  # half of an IPv6 address
            url = ""
        if not url or origin(url) != origin(self._base):
            raise RegistryError(
                f"{what}: the registry sends the upload to {location[:_SAID]!r}, expected a place "
                "at the registry itself"
            )
        parts = urlsplit(url)
        query = f"{parts.query}&" if parts.query else ""
        return f"{parts.path}?{query}digest={quote(digest)}"


def read_manifest(content: bytes, declared: str, what: str) -> Manifest:
    """Strict JSON that is a manifest or an index, and not both. Raises RegistryError."""
    try:
        document = strict(content)
    except ReportError as problem:
        raise RegistryError(f"{what}: not a manifest: {str(problem)[:_SAID]}") from None
    if not isinstance(document, dict):
        raise RegistryError(f"{what}: not a manifest, expected a JSON object")
    media_type = document.get("mediaType", declared)
    if media_type != declared or media_type not in (*MANIFESTS, *INDEXES):
        raise RegistryError(
            f"{what}: served as {declared[:_SAID]!r}, and says that it is "
            f"{str(media_type)[:_SAID]!r}; expected a manifest or an index"
        )
    index = media_type in INDEXES
    if ("manifests" in document) is not index or ("config" in document) is index:
        raise RegistryError(f"{what}: manifest and index in one, which readers take differently")
    return Manifest(content, declared, document)


def digest_of(content: bytes) -> str:
    """`sha256:...`"""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _expect(answer: Answer, what: str, *statuses: int) -> Answer:
    if answer.status in statuses:
        return answer
    said = printable(answer.body[:_SAID].decode("utf-8", "replace"))
    hint = ""
    if answer.status in (401, 403):
        hint = "; `docker login` to it with an account that may push"
    raise RegistryError(f"{what}: the registry answered {answer.status} {said}".rstrip() + hint)
