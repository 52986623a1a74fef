"""No form stumbles over JSON that is none of its own: requests and answers come from anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.config.schema import Tensor
from harness.contract.forms import FORMS
from harness.contract.protocol.presets import Preset, dialects, known, preset

WORDS = (
    *("inputs", "outputs", "name", "names", "shape", "datatype", "data", "x", "y", "id", "input"),
    *("instances", "predictions", "dataframe_split", "dataframe_records", "columns", "output"),
    *("ndarray", "tensor", "values", "strData", "status", "error", "b64", "parameters"),
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 3)
    | st.just(0.5)
    | st.sampled_from(["", "x", "FP32", "FP64", "BYTES"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
SPOKEN = [preset(name, spoken) for name in known() for spoken in (None, *dialects(name))]
TENSORS = [
    [],
    [Tensor(name="x", shape=["batch"])],
    [Tensor(name="x", shape=["batch", 2]), Tensor(name="y", shape=["batch"])],
]


def _nested(words: tuple[str, ...], inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    for word in reversed(words):
        inner = st.fixed_dictionaries({word: inner}) | st.fixed_dictionaries(
            {word: inner}, optional={other: JSON for other in ("names", "shape", "columns")}
        )
    return inner


@pytest.mark.parametrize("found", SPOKEN, ids=lambda found: found.full_name)
@settings(derandomize=True, database=None, deadline=None, max_examples=25)
@given(data=st.data())
def test_any_json_is_answered_and_never_an_exception(found: Preset, data: st.DataObject) -> None:
    roots = [word for word in (found.request, found.answer) if word]
    near = [_nested((root,), JSON | st.lists(JSON, max_size=2)) for root in roots]
    near += [_nested((root, "tensor"), JSON) for root in roots]
    value = data.draw(st.one_of(JSON, _nested(("dataframe_split",), JSON), *near))
    for tensors in TENSORS:
        form = FORMS[found.form](found, tensors, tensors)
        form.carried(value)
        form.results(value)
        form.prediction(value)
        form.requested_outputs(value)
        list(form.encodings(value))
        rows = form.split(value)
        if rows:
            form.join(rows)
        if not form.malformed(value):
            form.sent(value)
    found.failed(value)
