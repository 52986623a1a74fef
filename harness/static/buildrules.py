"""Our own rules for Dockerfiles: base image, build tools that are shipped, .dockerignore."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from harness.model import Finding, Severity
from harness.static.dockerfile import KEYWORDS, Dockerfile, Instruction, Stage
from harness.static.places import Places

# What compiles or fetches: needed to build a service, of use only to an intruder when it runs.
_BUILD_TOOLS = frozenset(
    "autoconf automake binutils-dev build-base build-essential bison cargo clang cmake cpp flex "
    "g++ gcc gcc-c++ gfortran git git-core golang kernel-headers libtool linux-headers llvm-dev "
    "m4 make maven meson mercurial musl-dev ninja-build nodejs-dev patch pkg-config pkgconf "
    "pkgconfig python3-dev rustc subversion swig".split()
)
_INSTALL = {
    "apt": ("install",),
    "apt-get": ("install",),
    "aptitude": ("install",),
    "apk": ("add",),
    "dnf": ("install", "groupinstall"),
    "microdnf": ("install",),
    "yum": ("install", "groupinstall"),
}
_REMOVE = ("remove", "purge", "del", "autoremove", "erase")
_VERSION = re.compile(r"[=~<>].*|:\w+$")
_VERSIONED_TOOL = re.compile(r"(gcc|g\+\+|clang|gfortran|cpp|llvm|golang)-\d+(\.\d+)*")
_TAKES_A_VALUE = frozenset({"-t", "--target-release", "--virtual", "-o", "--option"})


def judge_build(dockerfile: Dockerfile, file: Path, context: Path, places: Places) -> list[Finding]:
    """Every finding of our own rules about one Dockerfile and its build context."""
    where = places.shown(file)
    return [
        *_structure(dockerfile, where),
        *_base_images(dockerfile, where),
        *_shipped_tools(dockerfile, where),
        *_ignore_file(dockerfile, file, context, places),
    ]


def _structure(dockerfile: Dockerfile, where: str) -> Iterator[Finding]:
    for one in dockerfile.instructions:
        if one.keyword not in KEYWORDS:
            yield Finding(
                "unknown-instruction",
                f"{one.keyword[:40]!r} is not an instruction of a Dockerfile",
                location=f"{where}:{one.line}",
            )
    if not dockerfile.stages:
        yield Finding("no-stage", "the Dockerfile has no FROM", location=where)


def _base_images(dockerfile: Dockerfile, where: str) -> Iterator[Finding]:
    for stage in dockerfile.stages:
        if stage.image == "scratch" or dockerfile.is_stage(stage) or "@sha256:" in stage.image:
            continue
        tag = stage.image.rpartition("/")[2].partition(":")[2]
        if "$" in stage.image:
            yield Finding(
                "base-image-variable",
                f"the base image {stage.image!r} depends on a variable without a default",
                severity=Severity.WARNING,
                location=f"{where}:{stage.start.line}",
            )
        elif tag in ("", "latest"):
            yield Finding(
                "base-image-unpinned",
                f"the base image {stage.image!r} may be another one at the next build",
                location=f"{where}:{stage.start.line}",
                expected="a version tag or a digest, as in python:3.11-slim@sha256:...",
                received=stage.image,
            )


def _shipped_tools(dockerfile: Dockerfile, where: str) -> Iterator[Finding]:
    if not dockerfile.stages:
        return
    for stage in dockerfile.lineage(dockerfile.stages[-1]):
        for one in stage.instructions:
            tools = sorted(tool for tool in _installed(one) if _is_tool(tool))
            if tools:
                yield Finding(
                    "build-tools-shipped",
                    f"the image ships build tools: {', '.join(tools)}",
                    location=f"{where}:{one.line}",
                    expected="a first stage that builds, and a last one that copies the result "
                    "with COPY --from",
                    received=_few_stages(dockerfile),
                )


def _few_stages(dockerfile: Dockerfile) -> str:
    count = len(dockerfile.stages)
    return "a single stage" if count == 1 else f"{count} stages, and the last one has the tools"


def _is_tool(package: str) -> bool:
    return package in _BUILD_TOOLS or _VERSIONED_TOOL.fullmatch(package) is not None


def _installed(one: Instruction) -> set[str]:
    """System packages that this instruction leaves behind."""
    if one.keyword != "RUN":
        return set()
    present: set[str] = set()
    groups: dict[str, set[str]] = {}  # apk's --virtual names
    for command in one.commands():
        manager = command[0].rpartition("/")[2] if command else ""
        verb, *packages = _verb_and_packages(command[1:]) or [""]
        if verb in _INSTALL.get(manager, ()):
            present.update(packages)
            groups.setdefault(_virtual(command), set()).update(packages)
        elif manager in _INSTALL and verb in _REMOVE:
            present.difference_update(packages, *(groups.get(name, set()) for name in packages))
    return present


def _verb_and_packages(words: list[str]) -> list[str]:
    """The words that are neither options nor their values, versions cut off."""
    found: list[str] = []
    skip = False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(_VERSION.sub("", word))
        skip = word in _TAKES_A_VALUE
    return found


def _virtual(command: list[str]) -> str:
    for option in ("--virtual", "-t"):
        if option in command[:-1]:
            return command[command.index(option) + 1]
    given = [word for word in command if word.startswith("--virtual=")]
    return given[0].partition("=")[2] if given else ""


def _ignore_file(
    dockerfile: Dockerfile, file: Path, context: Path, places: Places
) -> Iterator[Finding]:
    if (context / ".dockerignore").is_file() or Path(f"{file}.dockerignore").is_file():
        return
    copied = [
        f"line {one.line}: {one.keyword} {source}"
        for stage in dockerfile.stages
        for one, source in _folders_copied(stage, context)
    ]
    yield Finding(
        "dockerignore-missing",
        "the build context has no .dockerignore: "
        + (
            "whatever lies there goes into the image"
            if copied
            else "all of it is sent to the engine at each build"
        ),
        severity=Severity.ERROR if copied else Severity.WARNING,
        location=places.shown(context / ".dockerignore"),
        expected="a .dockerignore that names at least .git, caches, tests and secrets",
        received="; ".join(copied[:3]),
    )


def _folders_copied(stage: Stage, context: Path) -> Iterator[tuple[Instruction, str]]:
    """COPY and ADD of whole folders from the context."""
    for one in stage.instructions:
        if one.keyword not in ("COPY", "ADD") or one.body or "from" in one.options():
            continue
        words = [word for word in one.words() if not word.startswith("--")]
        for source in words[:-1]:
            inside = context / source.lstrip("/")
            if "://" not in source and (source in (".", "./", "/", "*") or inside.is_dir()):
                yield one, source
