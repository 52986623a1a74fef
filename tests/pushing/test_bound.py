"""Which report opens the gate for which image, and what the registry has to hold."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.model import Outcome
from harness.pushing.bound import FRESH, Refused, Terms, admit, bind, found_again, same_image
from harness.pushing.reference import Reference, parse_target
from harness.pushing.registry import OCI_INDEX, OCI_MANIFEST, Registry
from harness.report import parse, read, to_json

IMAGE = "sha256:" + "1" * 64
CONFIG = b'{"architecture":"amd64","os":"linux"}'
TESTED = "sha256:" + hashlib.sha256(CONFIG).hexdigest()
TERMS = Terms("prd", FRESH)
Asking = Callable[..., tuple[int, bytes]]
Reporting = Callable[..., Path]


def now() -> dt.datetime:
    """The report's clock."""
    return dt.datetime.now(dt.UTC)


def test_a_fresh_pass_under_the_policy_is_admitted(report_of: Reporting) -> None:
    report = read(report_of(IMAGE))
    admit(report, TERMS, now())
    admit(report, Terms(None, FRESH), now())
    same_image(report, IMAGE)


@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.FAILED, 1), (Outcome.ERRORED, 3), (Outcome.INCONCLUSIVE, 4)]
)
def test_another_verdict_is_refused_with_its_own_exit_code(
    outcome: Outcome, code: int, report_of: Reporting
) -> None:
    with pytest.raises(Refused, match="the verdict is .*it was slow") as refused:
        admit(read(report_of(IMAGE, outcome)), TERMS, now())
    assert refused.value.code == code


def test_a_pass_under_another_policy_is_refused(report_of: Reporting) -> None:
    with pytest.raises(Refused, match="judged under the policy 'prd', expected 'stg'"):
        admit(read(report_of(IMAGE)), Terms("stg", FRESH), now())


def test_an_old_pass_is_refused(report_of: Reporting) -> None:
    with pytest.raises(Refused, match="expected one of the last 14 days"):
        admit(read(report_of(IMAGE, age=dt.timedelta(days=15))), TERMS, now())


def test_a_pass_of_the_future_is_refused(report_of: Reporting) -> None:
    with pytest.raises(Refused, match="run the gate again"):
        admit(read(report_of(IMAGE, age=dt.timedelta(minutes=-6))), TERMS, now())


def test_a_pass_whose_waiver_has_ended_since_is_refused(report_of: Reporting) -> None:
    age = dt.timedelta(days=3)
    until = (now() - dt.timedelta(days=2)).date()
    with pytest.raises(Refused, match=f"a waiver that the report leans on ended on {until}"):
        admit(read(report_of(IMAGE, Outcome.FAILED, age, until)), TERMS, now())


def test_a_report_of_no_image_is_refused(report_of: Reporting) -> None:
    with pytest.raises(Refused, match="which was no image"):
        admit(read(report_of(None)), TERMS, now())


def test_another_image_is_refused(report_of: Reporting) -> None:
    with pytest.raises(Refused, match="run the gate on this image"):
        same_image(read(report_of(IMAGE)), "sha256:" + "2" * 64)


def test_a_bound_report_is_the_same_but_for_its_subject(report_of: Reporting) -> None:
    report = read(report_of(IMAGE))
    bound = parse(to_json(bind(report, "reg.example.com/fraud:1", "sha256:" + "3" * 64)).encode())
    assert bound.subject == replace(
        report.subject, reference="reg.example.com/fraud:1", manifest_digest="sha256:" + "3" * 64
    )
    assert bound.checks == report.checks and bound.policy == report.policy


def stored(ask: Asking, target: Reference, platforms: list[str]) -> dict[str, str]:
    """Puts a manifest of CONFIG under the tag, or an index with one for each platform.

    The digests by platform, and of the tag under `tag`.
    """
    path = f"/v2/{target.repository}"
    assert ask(target.registry, "POST", f"{path}/blobs/uploads/", CONFIG)[0] == 201
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": TESTED,
        "size": len(CONFIG),
    }
    digests: dict[str, str] = {}
    entries = []
    for platform in platforms or [""]:
        manifest: dict[str, object] = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config,
            "layers": [],
            "annotations": {"for": platform},
        }
        body = json.dumps(manifest).encode()
        digests[platform] = "sha256:" + hashlib.sha256(body).hexdigest()
        name = digests[platform] if platforms else target.tag
        assert ask(target.registry, "PUT", f"{path}/manifests/{name}", body, OCI_MANIFEST)[0] == 201
        system, architecture, *variant = [*platform.split("/"), ""][:3]
        entry = {"os": system, "architecture": architecture}
        entries.append(
            {
                "mediaType": OCI_MANIFEST,
                "digest": digests[platform],
                "size": len(body),
                "platform": entry | ({"variant": variant[0]} if any(variant) else {}),
            }
        )
    digests["tag"] = digests[(platforms or [""])[0]]
    if platforms:
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        body = json.dumps(index).encode()
        digests["tag"] = "sha256:" + hashlib.sha256(body).hexdigest()
        where = f"{path}/manifests/{target.tag}"
        assert ask(target.registry, "PUT", where, body, OCI_INDEX)[0] == 201
    return digests


def test_the_tested_image_is_found_under_its_tag(
    registry: str, ask: Asking, report_of: Reporting
) -> None:
    target = parse_target(f"{registry}/single:1")
    digests = stored(ask, target, [])
    with Registry(target) as asked:
        digest, image = found_again(asked, read(report_of(TESTED)))
    assert digest == image.digest == digests["tag"]


def test_behind_an_index_it_is_the_manifest_of_the_tested_platform(
    registry: str, ask: Asking, report_of: Reporting
) -> None:
    target = parse_target(f"{registry}/index:1")
    digests = stored(ask, target, ["linux/arm64/v8", "linux/amd64"])
    with Registry(target) as asked:
        digest, image = found_again(asked, read(report_of(TESTED)))
    assert (digest, image.digest) == (digests["tag"], digests["linux/amd64"])


def test_an_engine_that_names_images_by_their_manifest_is_understood(
    registry: str, ask: Asking, report_of: Reporting
) -> None:
    target = parse_target(f"{registry}/containerd:1")
    digests = stored(ask, target, ["linux/amd64"])
    with Registry(target) as asked:
        for name in ("tag", "linux/amd64"):
            digest, _ = found_again(asked, read(report_of(digests[name])))
            assert digest == digests["tag"]


def test_an_index_without_the_tested_platform_is_refused(
    registry: str, ask: Asking, report_of: Reporting
) -> None:
    target = parse_target(f"{registry}/foreign:1")
    stored(ask, target, ["linux/arm64"])
    with Registry(target) as asked, pytest.raises(Refused, match="no image for 'linux/amd64'"):
        found_again(asked, read(report_of(TESTED)))


def test_another_configuration_under_the_tag_is_refused(
    registry: str, ask: Asking, report_of: Reporting
) -> None:
    target = parse_target(f"{registry}/another:1")
    stored(ask, target, [])
    with Registry(target) as asked, pytest.raises(Refused, match="somebody else pushed"):
        found_again(asked, read(report_of(IMAGE)))
