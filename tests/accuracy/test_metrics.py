"""Which metrics there are."""

from __future__ import annotations

import pytest

from harness import ConfigError
from harness.accuracy.metrics import check_metric


def test_accuracy_is_a_metric() -> None:
    check_metric("accuracy")


def test_another_is_refused_with_what_there_is() -> None:
    with pytest.raises(ConfigError, match="'acuracy'.*did you mean 'accuracy'.*supported: acc"):
        check_metric("acuracy")
