"""The data file of a preset: what stands in it is read, what cannot be is refused with its key."""

from __future__ import annotations

import pytest

from harness.contract.protocol.conditions import Condition
from harness.contract.protocol.presetfile import read

GOOD = """title = "t"
form = "rows"
request = "instances"
answer = "predictions"
[ready]
path = "/ready"
not_ready = [503]
member = "/state"
values = ["UP"]
[predict]
path = "/p"
[errors]
members = ["error"]
[tolerated]
json-nonfinite = "by design"
[dialects.other]
server = "Other 2"
encodings = ["columns"]
ready = { not_ready = [400] }
predict = { busy = [409] }
tolerated = { routing = "it says so" }
"""


def test_a_file_says_everything() -> None:
    found = read("x", GOOD)
    assert (found.full_name, found.ready_path("m"), found.predict_path("m")) == (
        "x",
        "/ready",
        "/p",
    )
    assert found.ready_when == Condition("/state", ("UP",))
    assert (set(found.not_ready), set(found.busy)) == ({503}, {429, 503})
    assert (found.methods, found.error_members) == (("POST",), ("error",))
    assert found.tolerated == {"json-nonfinite"}
    assert (found.live_path("m"), found.metadata_path("m"), found.port) == (None, None, None)


def test_a_dialect_is_laid_over_its_preset_key_by_key() -> None:
    found = read("x", GOOD, "other")
    assert (found.full_name, found.server, found.encodings) == (
        "x (other)",
        "Other 2",
        ("columns",),
    )
    assert (found.ready_path("m"), set(found.not_ready)) == ("/ready", {400})
    assert found.ready_when == Condition("/state", ("UP",))
    assert found.busy == {409, 429, 503}
    assert found.tolerated == {"json-nonfinite", "routing"}
    assert found.reasons["routing"] == "it says so"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('form = "rows"', 'form = "columns"', "expected one of array, dataframe, object"),
        ('form = "rows"', "", "form is missing"),
        ('title = "t"', 'title = "t"\ncolour = 1', "unknown key colour"),
        ('path = "/p"', 'path = "/p"\nverb = "POST"', "unknown key predict.verb"),
        ('members = ["error"]', 'members = "error"', "errors.members = 'error', expected a list"),
        ('members = ["error"]', "members = [1]", "expected a list of str"),
        ("not_ready = [503]", 'not_ready = ["503"]', "expected a list of int"),
        ('json-nonfinite = "by design"', "json-nonfinite = true", "tolerated.json-nonfinite"),
        ('server = "Other 2"', "servant = 1", "unknown key dialects.other.servant"),
    ],
)
def test_a_file_that_is_no_preset_is_refused_with_the_key(
    old: str, new: str, expected: str
) -> None:
    with pytest.raises(ValueError, match=expected):
        read("x", GOOD.replace(old, new, 1))


def test_a_preset_says_where_a_server_names_its_extensions_and_which_member_is_an_id() -> None:
    more = 'id = "id"\n' + GOOD + '[extensions]\npath = "/v2"\nencodings = { b = "binary" }\n'
    found = read("x", more)
    assert (found.id, found.extensions, found.extended) == ("id", "/v2", {"b": "binary"})
    assert (read("x", GOOD).extensions, read("x", GOOD).extended) == ("", {})
