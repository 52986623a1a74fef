"""docs/controllers.md: its settings load, its queries parse, its routes and metrics exist."""

from __future__ import annotations

import re
from pathlib import Path

import promql_parser
import pytest

from harness.binomial import LEAST_INFLATION, clopper_pearson
from harness.ledger import open_ledger
from harness.server.adapters import metrics
from harness.server.app import create_app
from harness.server.controllers import promql
from harness.server.settings import Settings, load_settings

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "controllers.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The snippets in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.S | re.M)


def test_the_settings_are_read_and_their_queries_are_promql(tmp_path: Path) -> None:
    (snippet,) = blocks("toml")
    path = tmp_path / "server.toml"
    path.write_text(snippet, encoding="utf-8")
    source = load_settings(str(path)).canary.sources["prod"]
    for item in source.measurements:
        for template in (item.count, item.of):
            words = {"digest": "sha256:aa", "window": source.window, "limit_s": "0.25"}
            query = re.sub(r"\{(digest|window|limit_s)\}", lambda m: words[m[1]], template)
            promql_parser.parse(query)


def test_the_query_of_the_metric_is_understood() -> None:
    (query,) = blocks("promql")
    assert isinstance(promql.parse(query), promql.Selector)


def test_every_route_is_one_of_the_service(tmp_path: Path) -> None:
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    paths = create_app(Settings(), ledger).openapi()["paths"]
    ledger.close()
    named = set(re.findall(r"`(?:GET|POST|GET` or `POST) (/[^\s`?]*)", TEXT))
    generic = {path.replace("{hook}", "rollback") for path in named}
    assert len(generic) >= 7
    assert generic <= {path.replace("{env}", "{environment}") for path in paths}


def test_every_metric_of_the_table_is_told() -> None:
    told = set(re.findall(r"`(releasegate_[a-z_]+)\{", TEXT))
    service = {"releasegate_service_answers_total"}
    assert set(metrics._HELP) <= told
    assert told - set(metrics._HELP) - service <= {"releasegate_"}


def test_the_number_of_requests_that_show_one_per_cent_is_so() -> None:
    match = re.search(r"about (\d+) requests show that at most 1 %", TEXT)
    assert match is not None
    ends = [clopper_pearson(0, (int(match[1]) + d) / LEAST_INFLATION, 0.95)[1] for d in (-10, 10)]
    assert ends[0] > 0.01 > ends[1]


@pytest.mark.parametrize("word", ["digest", "hex", "name", "window", "limit_s"])
def test_every_variable_is_told(word: str) -> None:
    assert f"`{{{word}}}`" in TEXT
