"""What the real servers were recorded to refuse with is what their presets say of an error."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from harness.contract.protocol.presets import Preset, preset

SERVERS = Path(__file__).parent.parent / "servers"
REAL = sorted(path.parent.name for path in SERVERS.glob("*/transcript.toml"))


@pytest.mark.parametrize("name", REAL)
def test_what_a_real_server_refuses_with_is_an_error_of_its_preset(name: str) -> None:
    said = tomllib.loads((SERVERS / name / "transcript.toml").read_text(encoding="utf-8"))
    gate = tomllib.loads((SERVERS / name / "gate.toml").read_text(encoding="utf-8"))["contract"]
    found = preset(gate["protocol"], gate.get("dialect"))
    assert f"tests/servers/{name}" == found.proven
    refused = [ask for ask in said["ask"] if 400 <= ask["status"] < 500 and ask["answer"]]
    strange = [ask["name"] for ask in refused if not _is_error(found, ask)]
    assert len(refused) > 5
    assert strange == []


def _is_error(found: Preset, ask: dict[str, Any]) -> bool:
    kind = ask["type"].partition(";")[0]
    if kind != "application/json":
        return kind in found.error_types
    members = found.error_members
    # A long answer is kept in part: what its members are still shows.
    return not members or any(f'"{member}"' in ask["answer"] for member in members)
