"""The table [canary] of server.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.server.settings import load_settings

SOURCE = """
[canary.sources.prod]
url = "http://prometheus:9090/"
token_file = "token"
[[canary.sources.prod.measurements]]
name = "load.error_rate"
count = 'sum(increase(http_requests_total{image="{digest}",code=~"5.."}[{window}]))'
of = 'sum(increase(http_requests_total{image="{digest}"}[{window}]))'
"""


def written(folder: Path, text: str) -> str:
    """A server.toml with that text."""
    path = folder / "server.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_source_is_read_with_its_defaults_and_a_path_beside_the_file(tmp_path: Path) -> None:
    source = load_settings(written(tmp_path, SOURCE)).canary.sources["prod"]
    assert source.url == "http://prometheus:9090"
    assert (source.timeout, source.window) == ("5 s", "5m")
    assert source.token_file == str(tmp_path / "token")
    assert source.measurements[0].limit is None


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{window}]))'\nof", "{windov}]))'\nof", "{windov} is no variable"),
        ('"load.error_rate"', '"error_rate"', "is no measurement"),
        ('"http://prometheus:9090/"', '"prometheus:9090"', "is no address"),
        ("count =", "counts =", "unknown key"),
        ("token_file =", "token =", "unknown key"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    from harness.errors import ConfigError

    with pytest.raises(ConfigError, match="canary.sources.prod") as refused:
        load_settings(written(tmp_path, SOURCE.replace(old, new)))
    assert problem in str(refused.value)


def test_a_measurement_is_given_once() -> None:
    from harness.server.controllers.settings import Source

    one = {"name": "load.error_rate", "count": "a", "of": "b"}
    with pytest.raises(ValidationError, match="given twice"):
        Source.model_validate({"url": "http://p", "measurements": [one, one]})
