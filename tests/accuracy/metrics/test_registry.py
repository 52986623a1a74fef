"""Which metrics there are."""

from __future__ import annotations

import pytest

from harness import ConfigError
from harness.accuracy.metrics.registry import METRICS, check_metric, metric_of


@pytest.mark.parametrize("name", [*METRICS, "module:function", "package.module:function"])
def test_each_metric_has_a_module(name: str) -> None:
    metric = metric_of(name)
    for function in ("fits", "right", "sums", "kept", "measure"):
        assert callable(getattr(metric, function))


def test_another_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="'acuracy'.*did you mean 'accuracy'.*supported: acc"):
        check_metric("acuracy")


@pytest.mark.parametrize("name", ["a:", ":f", "a/b:f", "a:f()"])
def test_a_function_is_named_as_python_names_it(name: str) -> None:
    with pytest.raises(ConfigError, match='expected "module:function"'):
        check_metric(name)
