"""What every page is made of: text stays text, and a name that is unknown is no empty place."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from harness.report import Report, page


def test_text_is_escaped_and_what_would_act_is_gone(tmp_path: Path) -> None:
    (tmp_path / "one.jinja").write_text("{{ text }}", encoding="utf-8")
    shown = page.environment(tmp_path).get_template("one.jinja").render(text="<b>\x1b[31mred\u202e")
    assert shown == "&lt;b&gt;red"


def test_an_unknown_name_raises(tmp_path: Path) -> None:
    (tmp_path / "one.jinja").write_text("{{ nothing }}", encoding="utf-8")
    with pytest.raises(UndefinedError):
        page.environment(tmp_path).get_template("one.jinja").render()


def test_a_report_is_told_in_full_to_its_templates(failed: Report) -> None:
    environment = page.environment()
    for name in ("masthead.jinja", "contents.jinja"):
        assert environment.get_template(name).render(page.told(failed))
