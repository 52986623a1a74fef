"""Which processor this is, and whether its int8 products are summed without overflow."""

from __future__ import annotations

from collections.abc import Collection

from harness import Finding, Severity, cpuinfo

# With these, onnxruntime sums products of u8 and s8 in 32 bits; other x86 processors have only
# `vpmaddubsw`, whose sums of two products are cut at 16 bits (its mlas/lib/platform.cpp).
_EXACT = ("avx512_vnni", "avx_vnni", "amx_int8", *cpuinfo.ARM)
# What goes without saying.
_AVX2, _AVX512 = ("avx2", "fma"), ("avx2", "fma", "avx512f", "avx512bw")
_IMPLIED = {
    "avx2": ("fma",),
    "avx512f": _AVX2,
    "avx512bw": _AVX512,
    "avx512_vnni": _AVX512,
    "avx_vnni": _AVX2,
    "amx_int8": (*_AVX512, "avx512_vnni"),
}


def exact(found: Collection[str]) -> str:
    """The first flag by which int8 products are summed without overflow, or ""."""
    return next((flag for flag in _EXACT if flag in found), "")


def about(here: Collection[str], production: Collection[str]) -> list[Finding]:
    """What is known of this processor, and whether production's computes int8 in another way."""
    shown = ", ".join(cpuinfo.choosing(here)) or "no known flag"
    declared = ", ".join(production) or "not declared (accuracy.production_flags)"
    found = [
        Finding(
            "processor",
            f"measured on a processor with {shown}; production: {declared}",
            severity=Severity.INFO,
        )
    ]
    if production:
        found += _compared(here, production)
    return found


def _compared(here: Collection[str], production: Collection[str]) -> list[Finding]:
    if bool(exact(here)) != bool(exact(production)):
        return [_differs(exact(here), exact(production))]
    implied = {flag for told in production for flag in (told, *_IMPLIED.get(told, ()))}
    lacking = [flag for flag in cpuinfo.choosing(here) if flag not in implied]
    if not lacking or exact(production) in cpuinfo.ARM:
        return []
    return [
        Finding(
            "processor-flags",
            f"production lacks {', '.join(lacking)}, which this processor has: the runtime "
            "chooses other kernels there, and floats may be rounded otherwise",
            severity=Severity.WARNING,
            location="accuracy.production_flags",
        )
    ]


def _differs(here: str, there: str) -> Finding:
    sides = f"here {here} keeps" if here else f"in production {there} keeps"
    other = "production does not" if here else "this processor does not"
    return Finding(
        "processor-differs",
        f"{sides} sums of int8 products exact, and {other}: what was measured holds in production "
        "only as far as no pair of weights can saturate",
        severity=Severity.WARNING,
        location="accuracy.production_flags",
    )
