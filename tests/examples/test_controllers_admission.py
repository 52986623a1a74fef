"""The admission policies ask for our own attestations, verified first, of a pass under a policy."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from harness.report.signing import statements

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "controllers"
KYVERNO = yaml.safe_load((FOLDER / "kyverno" / "image-validating-policy.yaml").read_text("utf-8"))
SIGSTORE = yaml.safe_load(
    (FOLDER / "policy-controller" / "cluster-image-policy.yaml").read_text("utf-8")
)
OURS = {statements.SUMMARY, statements.REPORT}


def test_the_types_of_the_attestations_are_ours() -> None:
    kyverno = {one["intoto"]["type"] for one in KYVERNO["spec"]["attestations"]}
    (authority,) = SIGSTORE["spec"]["authorities"]
    sigstore = {one["predicateType"] for one in authority["attestations"]}
    assert kyverno == sigstore == OURS


def test_kyverno_reads_a_payload_only_once_its_signature_was_verified() -> None:
    verified: set[str] = set()
    for validation in KYVERNO["spec"]["validations"]:
        expression = validation["expression"]
        verified |= set(
            re.findall(
                r"verifyAttestationSignatures\(image, attestations\.(\w+), \[attestors\.gate\]\)",
                expression,
            )
        )
        assert set(re.findall(r"extractPayload\(image, attestations\.(\w+)\)", expression)) <= (
            verified
        )
    assert verified == {one["name"] for one in KYVERNO["spec"]["attestations"]}


def test_kyverno_denies_and_denies_also_when_it_cannot_tell() -> None:
    spec = KYVERNO["spec"]
    assert (spec["validationActions"], spec["failurePolicy"]) == (["Deny"], "Fail")
    assert spec["validationConfigurations"] == {
        "mutateDigest": True,
        "verifyDigest": True,
        "required": True,
    }
    rules = spec["matchConstraints"]["resourceRules"][0]
    assert set(rules["operations"]) == {"CREATE", "UPDATE"}


def test_both_ask_for_a_pass_of_this_tool_under_this_policy() -> None:
    kyverno = " ".join(one["expression"] for one in KYVERNO["spec"]["validations"])
    for asked in (
        "verificationResult == 'PASSED'",
        f"verifier.id == '{statements.VERIFIER}'",
        "verdict == 'pass'",
        "policy.name == 'prd'",
    ):
        assert asked in kyverno
    (authority,) = SIGSTORE["spec"]["authorities"]
    asked_of = {one["predicateType"]: one["policy"]["data"] for one in authority["attestations"]}
    assert 'verificationResult: "PASSED"' in asked_of[statements.SUMMARY]
    assert f'verifier: id: "{statements.VERIFIER}"' in asked_of[statements.SUMMARY]
    assert 'verdict: "pass"' in asked_of[statements.REPORT]
    assert 'policy: name: "prd"' in asked_of[statements.REPORT]


def test_each_cue_policy_names_the_type_that_it_judges() -> None:
    (authority,) = SIGSTORE["spec"]["authorities"]
    for one in authority["attestations"]:
        assert one["policy"]["type"] == "cue"
        assert f'predicateType: "{one["predicateType"]}"' in one["policy"]["data"]


def test_the_keys_are_keys() -> None:
    kyverno = KYVERNO["spec"]["attestors"][0]["cosign"]["key"]["data"]
    (authority,) = SIGSTORE["spec"]["authorities"]
    for text in (kyverno, authority["key"]["data"]):
        load_pem_public_key(text.encode())


def test_the_policy_controller_reads_what_cosign_writes_today() -> None:
    assert SIGSTORE["spec"]["mode"] == "enforce"
    assert SIGSTORE["spec"]["authorities"][0]["signatureFormat"] == "bundle"
