"""What binds a push to its report: the image that was tested, and no other, under fresh terms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from harness.errors import GateError
from harness.model import Verdict
from harness.pushing.registry import INDEXES, Manifest, Registry
from harness.report import SCHEMA_VERSION, Report, numbers
from harness.report.build import this_tool
from harness.report.document import AHEAD
from harness.report.signing import is_digest
from harness.verdict import EXIT_CODES

FRESH = dt.timedelta(days=14)  # where nobody says otherwise


class Refused(GateError):
    """The gate stays closed for this image; `code` is the exit code that says why."""

    def __init__(self, message: str, code: int = EXIT_CODES[Verdict.FAIL]) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Terms:
    """What a report must be to open the gate."""

    policy: str | None  # its policy's name; None: whichever it was judged under
    max_age: dt.timedelta


def admit(report: Report, terms: Terms, now: dt.datetime) -> None:
    """Let the report open the gate, or raise Refused with the reason.

    It has to be of an image, with the verdict "pass" under the policy of the terms, not older
    than they allow, and with no waiver that has expired since.
    """
    if report.subject.config_digest is None:
        raise Refused(
            f"the report is of {report.subject.reference!r}, which was no image; run the gate on "
            "the image that is to be pushed"
        )
    if terms.policy is not None and report.policy.name != terms.policy:
        raise Refused(f"judged under the policy {report.policy.name!r}, expected {terms.policy!r}")
    if report.verdict is not Verdict.PASS:
        why = f": {report.reasons[0]}" if report.reasons else ""
        raise Refused(f"the verdict is {str(report.verdict)!r}{why}", EXIT_CODES[report.verdict])
    if not -AHEAD <= now - report.finished_at <= terms.max_age:
        raise Refused(
            f"the report is of {numbers.moment(report.finished_at)}, expected one of the last "
            f"{numbers.span(terms.max_age)}; run the gate again"
        )
    if report.expires_on is not None and now.astimezone(dt.UTC).date() > report.expires_on:
        raise Refused(f"a waiver that the report leans on ended on {report.expires_on}")


def same_image(report: Report, image: str) -> None:
    """Raise Refused unless the report is of the image with the id `image`."""
    if report.subject.config_digest != image:
        raise Refused(
            f"the image is {image}, the report is of {report.subject.config_digest}; "
            "run the gate on this image"
        )


def found_again(registry: Registry, report: Report) -> tuple[str, Manifest]:
    """The digest that the tag stands for, and the manifest of the tested image behind it.

    They differ where the tag stands for an index. Raises Refused where the tag holds something
    else than what was tested, RegistryError.
    """
    tagged = registry.manifest(registry.reference.tag)
    image = tagged
    if tagged.media_type in INDEXES:
        image = registry.manifest(_of_platform(tagged, report.subject.platform or ""))
    config = image.document.get("config")
    held = config.get("digest") if isinstance(config, dict) else None
    # An engine with containerd's store names an image by its manifest or index.
    if report.subject.config_digest not in (held, image.digest, tagged.digest):
        raise Refused(
            f"{registry.reference} in the registry is {tagged.digest} with the configuration "
            f"{held}, but {report.subject.config_digest} was tested: somebody else pushed to the "
            "tag; nothing was attached"
        )
    return tagged.digest, image


def bind(report: Report, reference: str, manifest_digest: str) -> Report:
    """The same report, which says where its subject is now."""
    subject = replace(report.subject, reference=reference, manifest_digest=manifest_digest)
    return report.model_copy(
        update={"schema_version": SCHEMA_VERSION, "subject": subject, "tool": this_tool()}
    )


def _of_platform(index: Manifest, platform: str) -> str:
    """Digest of the manifest for `os/architecture[/variant]`. Raises Refused."""
    entries = index.document["manifests"]
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and _is_for(entry.get("platform"), platform):
            digest = str(entry.get("digest"))
            if is_digest(digest):  # it becomes part of a request
                return digest
    raise Refused(f"the index {index.digest} has no image for {platform or 'no platform'!r}")


def _is_for(described: Any, platform: str) -> bool:
    if not isinstance(described, dict):
        return False
    system, _, rest = platform.partition("/")
    architecture, _, variant = rest.partition("/")
    same = (described.get("os"), described.get("architecture")) == (system, architecture)
    return same and (not variant or described.get("variant", variant) == variant)
