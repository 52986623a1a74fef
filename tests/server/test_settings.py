"""server.toml is read strictly, and what is wrong with it is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.server.settings import Settings, load_settings


def written(folder: Path, text: str) -> str:
    """Path of a server.toml with that content."""
    path = folder / "server.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_without_a_file_everything_has_a_safe_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings(None)
    assert (settings.host, settings.port, settings.read) == ("127.0.0.1", 8080, "token")
    assert settings.ledger == str(tmp_path / "ledger.sqlite")
    assert settings.max_age_s == 30 * 86400


def test_the_file_in_the_current_folder_is_taken_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "port = 9000")
    assert load_settings(None).port == 9000


def test_the_command_line_replaces_what_the_file_says(tmp_path: Path) -> None:
    path = written(tmp_path, 'port = 9000\nledger = "a"')
    settings = load_settings(path, {"port": 9001, "ledger": "postgresql://db/x", "host": None})
    assert (settings.port, settings.ledger) == (9001, "postgresql://db/x")


def test_paths_start_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "ci.pub").write_text("-", encoding="utf-8")
    path = written(tmp_path, 'ledger = "data/l.sqlite"\ntrusted_keys = ["ci.pub"]')
    settings = load_settings(path)
    assert settings.ledger == str(tmp_path / "data/l.sqlite")
    assert settings.trusted_keys == [str(tmp_path / "ci.pub")]


def test_policies_are_pinned_by_their_digests(tmp_path: Path) -> None:
    digest = "sha256:" + "a" * 64
    path = written(tmp_path, f'[policies.prd]\ndigests = ["{digest}"]')
    assert load_settings(path).policies["prd"].digests == [digest]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('max_agee = "3 d"', "max_agee: unknown key; did you mean 'max_age'?; known: ledger, host"),
        ('[rates]\nreads = "1 /s"', "rates.reads: unknown key; did you mean 'read'?"),
        ('max_age = "3 parsecs"', "max_age = '3 parsecs': unknown unit 'parsecs'"),
        ('max_age = "0 s"', "must be greater than zero"),
        ("port = 0", "port = 0: input should be greater than or equal to 1"),
        ('read = "all"', "read = 'all'"),
        ('[policies.prd]\ndigests = ["abc"]', "policies.prd.digests.0 = 'abc'"),
        ('trusted_keys = ["no.pub"]', "trusted_keys = 'no.pub': no such file"),
        ("port = ", "not TOML"),
        ("port = 9000\nport = 9001", "not TOML"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert str(caught.value).startswith(path)
    assert said in str(caught.value)


def test_a_file_that_was_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(str(tmp_path / "server.toml"))


def test_settings_travel_to_another_process_as_json() -> None:
    settings = Settings(port=9000, environments=["sit", "prd"])
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
