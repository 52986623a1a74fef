"""docs/server.md against the code: its settings are all there are, its requests exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from harness.ledger import open_ledger
from harness.server.app import create_app
from harness.server.settings import Settings

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "server.md").read_text(encoding="utf-8")


def test_the_example_of_server_toml_is_valid_and_names_every_key() -> None:
    found = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    example = tomllib.loads(found[1].replace("sha256:2c26...", "sha256:" + "2" * 64))
    Settings.model_validate(example)
    elsewhere = {"canary"}  # docs/controllers.md
    assert set(Settings.model_fields) - set(example) - elsewhere == set()


@pytest.mark.parametrize("key", ["port", "read", "policy", "max_age", "report_bytes", "rates"])
def test_the_example_shows_the_defaults(key: str) -> None:
    found = re.search(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    example = tomllib.loads(found[1].replace("sha256:2c26...", "sha256:" + "2" * 64))
    assert getattr(Settings.model_validate({key: example[key]}), key) == getattr(Settings(), key)


def test_every_request_of_the_table_is_one_of_the_interface(tmp_path: Path) -> None:
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    document = create_app(Settings(), ledger).openapi()
    ledger.close()
    rows = re.findall(r"^\| (`(?:GET|POST|DELETE) .*?) \|", TEXT, re.MULTILINE)
    told = [re.sub(r"\?.*", "", one) for row in rows for one in re.findall(r"`([^`]+)`", row)]
    method = ""
    for one in told:
        method, path = one.split(" ") if " " in one else (method, one)
        assert method.lower() in document["paths"][path.replace("{env}", "{environment}")], one
    assert len(told) >= 12
