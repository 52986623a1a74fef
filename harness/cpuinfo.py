"""The processor of this machine: its name, and what a model runtime chooses kernels by."""

from __future__ import annotations

import platform
from collections.abc import Collection
from pathlib import Path

X86 = ("avx2", "fma", "avx512f", "avx512bw", "avx512_vnni", "avx_vnni", "amx_int8")
ARM = ("asimd", "neon", "asimddp", "i8mm")
_FILE = Path("/proc/cpuinfo")


def name() -> str:
    """What its maker calls it."""
    return _first("model name") or platform.processor()


def flags() -> frozenset[str]:
    """What it can do, in the words of /proc/cpuinfo; where there is none, that it is ARM or not."""
    found = _first("flags") or _first("Features")
    if found:
        return frozenset(found.split())
    return frozenset(("asimd",) if platform.machine().lower() in ("arm64", "aarch64") else ())


def identity() -> tuple[str, ...]:
    """All that tells it from another, as far as the kernel says."""
    return platform.machine(), name(), _first("CPU part"), *sorted(flags())


def choosing(found: Collection[str]) -> tuple[str, ...]:
    """Those of its flags that decide which kernels of a runtime are chosen."""
    return tuple(flag for flag in (*X86, *ARM) if flag in found)


def misspelt(told: Collection[str]) -> dict[str, str]:
    """Which of these words are such a flag in another spelling, like "AVX512VNNI", and of which."""
    known = {_bare(flag): flag for flag in (*X86, *ARM)}
    return {word: known[_bare(word)] for word in told if known.get(_bare(word), word) != word}


def _bare(flag: str) -> str:
    return "".join(letter for letter in flag.lower() if letter.isalnum())


def _first(key: str) -> str:
    try:
        text = _FILE.read_text(encoding="utf-8")
    except OSError:
        return ""
    rows = (line.partition(":") for line in text.splitlines())
    return next((value.strip() for told, _, value in rows if told.strip() == key), "")
