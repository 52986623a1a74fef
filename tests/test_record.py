"""`gate record`, as a user runs it: written once, refused where it should be, and replayed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.testing import Reply, serve

ROOT = Path(__file__).resolve().parent.parent
SENTIMENT = ROOT / "examples" / "sentiment"
GATE = """version = 1
candidate = { name = "m", url = "http://127.0.0.1:9" }
[contract]
path = "/predict"
response = "res.json"
examples = "ex.jsonl"
"""
LOCAL = """version = 1
[candidate]
name = "sentiment"
command = ["python", "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "webapp.wsgi:app"]
ready = { path = "/health", within = "60 s" }
[contract]
path = "/predict"
request = "contracts/request.schema.json"
response = "contracts/response.schema.json"
examples = "contracts/questions.jsonl"
explore = "0 s"
[policy]
required = ["contract.golden", "contract.compatible"]
"""
SWAPPED = """from webapp.app import create_app

app = create_app(lambda positive: {"positive": not positive})
"""


def gate(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of the command, run in a folder."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    return done.returncode, done.stdout + done.stderr


def record(folder: Path, body: bytes, *words: str) -> tuple[int, str]:
    """`gate record` of a service that always answers `body`."""
    with serve(lambda *asked: Reply(body)) as fake:
        return gate(folder, "record", "--url", fake.base_url, *words)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gate whose answers hold a number."""
    (tmp_path / "gate.toml").write_text(GATE, encoding="utf-8")
    (tmp_path / "ex.jsonl").write_text('{"request": [1]}\n{"request": [2]}', encoding="utf-8")
    (tmp_path / "res.json").write_text('{"type": "number"}', encoding="utf-8")
    return tmp_path


def test_it_writes_beside_the_gate_and_says_which_line_names_the_file(folder: Path) -> None:
    code, output = record(folder, b"0.5")
    assert code == 0, output
    assert '[baseline]\ngolden = "golden.json"' in output
    written = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    assert written["subject"]["name"] == "m"
    assert {item["answer"]["body"] for item in written["answers"]} == {"0.5"}


def test_a_file_that_is_there_is_replaced_only_by_force(folder: Path) -> None:
    (folder / "golden.json").write_text("precious", encoding="utf-8")
    code, output = record(folder, b"0.5")
    assert code == 2 and "--force replaces it" in output
    assert (folder / "golden.json").read_text(encoding="utf-8") == "precious"
    assert record(folder, b"0.5", "--force")[0] == 0
    assert json.loads((folder / "golden.json").read_text(encoding="utf-8"))["answers"]


def test_it_writes_where_it_is_told_and_where_the_gate_says(folder: Path) -> None:
    assert record(folder, b"0.5", "--into", "deep/a.json")[0] == 0
    assert (folder / "deep" / "a.json").exists() and not (folder / "golden.json").exists()
    text = f'{GATE}[baseline]\ngolden = "accepted.json"\n'
    (folder / "gate.toml").write_text(text, encoding="utf-8")
    code, output = record(folder, b"0.5")
    assert code == 0 and (folder / "accepted.json").exists()
    assert "[baseline]" not in output  # it is named already


def test_answers_that_break_the_contract_are_not_recorded(folder: Path) -> None:
    code, output = record(folder, b'"text"')
    assert code == 1 and not (folder / "golden.json").exists()
    assert "response-schema" in output and "reproduce: curl" in output


def test_a_candidate_that_does_not_start_is_not_recorded(folder: Path) -> None:
    text = GATE.replace('url = "http://127.0.0.1:9"', 'command = ["false"]')
    (folder / "gate.toml").write_text(text, encoding="utf-8")
    code, output = gate(folder, "record")
    assert code == 1 and "nothing was recorded" in output and "exit code 1" in output
    assert not (folder / "golden.json").exists()


@pytest.mark.parametrize("content", [None, "{}", "not JSON"])
def test_a_golden_file_that_is_missing_or_none_stops_a_run_before_anything_starts(
    folder: Path, content: str | None
) -> None:
    text = f'{GATE}[baseline]\ngolden = "golden.json"\n'
    (folder / "gate.toml").write_text(text, encoding="utf-8")
    if content is not None:
        (folder / "golden.json").write_text(content, encoding="utf-8")
    code, output = gate(folder, "run", "--report", "out")
    assert code == 2 and "golden" in output, output
    assert not (folder / "out").exists()


def test_a_golden_file_of_another_protocol_stops_a_run_before_anything_starts(
    folder: Path,
) -> None:
    assert record(folder, b"0.5")[0] == 0
    text = GATE.replace('path = "/predict"', 'protocol = "kserve-v1"').replace("[1]", "{}")
    (folder / "gate.toml").write_text(
        f'{text}[baseline]\ngolden = "golden.json"\n', encoding="utf-8"
    )
    (folder / "ex.jsonl").write_text('{"request": {"instances": [[1]]}}', encoding="utf-8")
    code, output = gate(folder, "run", "--report", "out")
    assert code == 2 and "recorded behind protocol 'json'" in output, output


def _checks(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "out" / "report.json").read_text(encoding="utf-8"))
    return {check["id"]: check for check in report["checks"]}


@pytest.fixture
def sentiment(tmp_path: Path) -> Path:
    """A copy of the example that asks without saying what is right."""
    for name in ("webapp", "contracts", "models"):
        shutil.copytree(SENTIMENT / name, tmp_path / name)
    text = (SENTIMENT / "contracts" / "examples.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    asked = [json.dumps({"request": x["request"]}) for x in lines if x["status"] == 200]
    (tmp_path / "contracts" / "questions.jsonl").write_text("\n".join(asked), encoding="utf-8")
    (tmp_path / "gate.toml").write_text(LOCAL, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_labels_that_a_real_service_swapped_are_seen_by_the_golden_answers_alone(
    sentiment: Path,
) -> None:
    code, output = gate(sentiment, "record")
    assert code == 0, output
    (sentiment / "gate.toml").write_text(
        LOCAL.replace("[policy]", '[baseline]\ngolden = "golden.json"\n[policy]'), encoding="utf-8"
    )
    run = ("run", "--only", "contract", "--report", "out")
    code, output = gate(sentiment, *run)
    assert code == 0, output
    assert _checks(sentiment)["contract.golden"]["outcome"] == "passed"

    (sentiment / "webapp" / "wsgi.py").write_text(SWAPPED, encoding="utf-8")
    code, output = gate(sentiment, *run)
    checks = _checks(sentiment)
    assert code == 1, output
    assert "golden_changed = 100 %, must be == 0 %" in checks["contract.golden"]["reason"]
    assert checks["contract.response"]["outcome"] == "passed"
    assert checks["contract.compatible"]["outcome"] == "passed"
    [finding] = checks["contract.golden"]["findings"]
    assert finding["location"] == "$.positive" and finding["reproduce"].startswith("curl ")
