"""docs/load.md: its snippets are gates, its checks and measurements exist, its figures are so."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path

import pytest

from harness.config import LoadConfig, load, policy
from harness.declare import CheckSpec, spec_of
from harness.load.planned import plan, replay
from harness.load.statistics.looks import needed

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "load.md").read_text(encoding="utf-8")
FAMILIES = ("load", "startup", "shutdown")
TABLES = ("load_statistics", "load", "regression", "leaks")
_WORDS = sorted(set(re.findall(rf"`\"?((?:{'|'.join(FAMILIES)})\.\w+)", TEXT)))
_WHOLE = """version = 1
[candidate]
name = "sentiment"
image = "sentiment:1.4.0"
[contract]
path = "/predict"
examples = "examples.jsonl"
"""


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.S | re.M)


def _specs() -> dict[str, CheckSpec]:
    found = {}
    for family in FAMILIES:
        for name, value in vars(importlib.import_module(f"checks.check_{family}")).items():
            spec = spec_of(value)
            if name.startswith("check_") and spec is not None:
                found[f"{family}.{name.removeprefix('check_')}"] = spec
    return found


SPECS = _specs()
MEASURED = {
    f"{check.partition('.')[0]}.{name}"
    for check, spec in SPECS.items()
    for name in (*spec.limits, *spec.measures)
}
KEYS = {f"load.{key}" for key in LoadConfig.model_fields}


def _percentile(name: str) -> bool:
    return re.fullmatch(r"load\.latency_p\d{1,2}(_\d+)?", name) is not None


@pytest.mark.parametrize("block", _blocks("toml"), ids=range(len(_blocks("toml"))))
def test_each_snippet_is_a_gate_when_completed(block: str, tmp_path: Path) -> None:
    (tmp_path / "examples.jsonl").touch()
    path = tmp_path / "gate.toml"
    path.write_text(_WHOLE + block, encoding="utf-8")
    gate = load(path)
    plan.validate(gate)
    for name in tomllib.loads(block).get("policy", {}).get("limits", {}):
        base = name.partition("{")[0]
        assert base in MEASURED or _percentile(base), name


@pytest.mark.parametrize("name", _WORDS)
def test_every_check_measurement_and_key_that_is_named_exists(name: str) -> None:
    assert name in SPECS or name in MEASURED or name in KEYS or _percentile(name)


def test_the_page_names_every_load_check() -> None:
    assert {name for name in SPECS if name.startswith("load.")} <= set(_WORDS)


def test_the_recorded_traffic_that_is_shown_can_be_replayed(tmp_path: Path) -> None:
    shown = {"traffic.jsonl": _blocks("jsonl")[0], "traffic.har": _blocks("json")[0]}
    traces = []
    for name, text in shown.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        traces.append(replay.read(tmp_path / name))
    assert [len(trace.requests) for trace in traces] == [4, 1]
    assert {request.path for trace in traces for request in trace.requests} == {
        "/predict",
        "/health",
        "/models/old",
    }
    assert [request.status for trace in traces for request in trace.requests][3:] == [404, 200]


def test_the_locustfile_that_is_shown_is_python_with_one_user() -> None:
    tree = ast.parse(_blocks("python")[0])
    users = [item for item in tree.body if isinstance(item, ast.ClassDef)]
    assert [ast.unparse(base) for user in users for base in user.bases] == ["GateUser"]


def test_the_fewest_requests_of_a_percentile_are_those_of_the_code() -> None:
    row = re.search(r"^\| requests \| (.+) \|$", TEXT, flags=re.M)
    assert row is not None
    told = [int(cell) for cell in row[1].split(" | ")]
    levels = (0.5, 0.9, 0.95, 0.99, 0.999)
    assert told == [needed(level, policy.CONFIDENCE) for level in levels]


@pytest.mark.parametrize("name", TABLES)
def test_each_benchmark_that_has_a_table_can_be_run(name: str) -> None:
    assert f"python -m benchmarks.{name}`" in TEXT
    assert (ROOT / "benchmarks" / f"{name}.py").exists()


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)", TEXT))))
def test_every_link_leads_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).resolve().exists()
