"""Instruments that look at source and images without running anything of the candidate."""

from harness.static.buildrules import judge_build
from harness.static.declared import collect
from harness.static.dockerfile import parse
from harness.static.dockerlint import hadolint, hadolint_program
from harness.static.imageconfig import configured_secrets, ports, secret_finding, user
from harness.static.imagescan import ImageScan, scan
from harness.static.linter import lint
from harness.static.logs import leaked_payloads, log_secrets, tracebacks
from harness.static.packages import compare_packages, image_requirements
from harness.static.pinning import pins
from harness.static.places import Places

__all__ = [
    "ImageScan",
    "Places",
    "collect",
    "compare_packages",
    "configured_secrets",
    "hadolint",
    "hadolint_program",
    "image_requirements",
    "judge_build",
    "leaked_payloads",
    "lint",
    "log_secrets",
    "parse",
    "pins",
    "ports",
    "scan",
    "secret_finding",
    "tracebacks",
    "user",
]
