"""Requests that break a contract, derived from one that keeps it."""

from harness.contract.mutants.invalid import STRICT, Terms, invalid_cases

__all__ = ["STRICT", "Terms", "invalid_cases"]
