"""`gate token`: the secret is shown once and alone, so that a script can keep it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main
from harness.ledger import open_ledger


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELEASEGATE_LEDGER", raising=False)
    return tmp_path


def test_a_secret_stands_alone_on_stdout_and_opens_the_ledger(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "create", "ci", "--scope", "publish", "--scope", "read"]) == 0
    out, err = capsys.readouterr()
    ledger = open_ledger(str(here / "ledger.sqlite"))
    token = ledger.find_token(out.removesuffix("\n"))
    ledger.close()
    assert token is not None and set(token.scopes) == {"publish", "read"}
    assert token.id in err and "shown this once" in err


def test_a_token_is_listed_without_its_secret_and_revoked_by_its_id(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["token", "create", "ci", "--scope", "read", "--expires", "90d"])
    secret = capsys.readouterr().out.strip()
    main(["token", "list"])
    listed = capsys.readouterr().out
    key = listed.split()[0]
    assert "ci" in listed and "until " in listed and secret not in listed
    assert main(["token", "revoke", key]) == 0
    capsys.readouterr()
    main(["token", "list"])
    assert "revoked " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["create", "ci", "--scope", "all"], "--scope all: expected one of read, publish", 2),
        (["create", "ci", "--scope", "read", "--expires", "soon"], "--expires soon", 2),
        (["create", "ci", "--scope", "read", "--expires", "0 s"], "not in the future", 3),
        (["create", "a\nb", "--scope", "read"], "token", 3),
        (["revoke", "0000"], "there is none with the id '0000'", 3),
    ],
)
def test_what_cannot_be_is_said(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str, code: int
) -> None:
    assert main(["token", *words]) == code
    assert said in capsys.readouterr().err
