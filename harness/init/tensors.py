"""Drafting for protocols that carry tensors: from metadata, else from examples and answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from harness.config.schema import Tensor
from harness.contract import Exchange
from harness.errors import ConfigError, GateError
from harness.init.ask import Asking
from harness.init.draft import EXAMPLES, REQUEST, RESPONSE, Draft, lines, pretty, tables
from harness.init.examples import recorded
from harness.init.guess import enriched, inputs_of, outputs_of

_TRIED = 8  # made-up requests
_KEPT = 3  # of them, as examples
_GIVE = "give --example with a request that it serves"


def drafted(draft: Draft, asking: Asking, examples: Sequence[Any]) -> Draft:
    """With inputs, outputs and examples. Raises ConfigError where nothing says what to send."""
    draft, path = _opened(draft, asking, examples)
    draft, rows = recorded(draft, asking, path, examples)
    wider, served = _with_inputs(draft, asking, [row["request"] for row in rows])
    known = [asking.value(path, row["request"]) for row in rows if row["status"] == 200]
    with wider.opened(asking.base_url) as contract:
        form = contract.form
    guessed = not form.outputs
    seen = outputs_of(form, [*served, *known])
    names = {tensor.name for tensor in seen}
    outputs = seen if guessed else tuple(item for item in form.outputs if item.name in names)
    for item in form.outputs:
        if item.name not in names:
            wider = wider.having(f"output {item.name}: described, and in no answer: left out")
    outputs = enriched(outputs, form, [*served, *known])
    wider = wider.having(_told("outputs", outputs, "guessed" * guessed), outputs=tables(outputs))
    made = [{"request": e.case.value, "status": 200} for e in served[:_KEPT]]
    return wider.holding("examples", EXAMPLES, lines([*rows, *made]))


def _opened(draft: Draft, asking: Asking, examples: Sequence[Any]) -> tuple[Draft, str]:
    """The path of the predictions, once it is sure that there is something to send."""
    if examples:
        draft = draft.holding("examples", EXAMPLES, lines([{"request": e} for e in examples]))
    try:
        with draft.opened(asking.base_url) as contract:
            return draft, contract.predict_path
    except GateError as problem:
        raise ConfigError(f"{problem}; {_GIVE}") from None


def _with_inputs(
    draft: Draft, asking: Asking, examples: Sequence[Any]
) -> tuple[Draft, list[Exchange]]:
    """With inputs that the service takes made-up values for, and its answers to these."""
    with draft.opened(asking.base_url) as contract:
        found, how = contract.form.inputs, "of the server's metadata"
        if not found and examples:
            found, how = inputs_of(contract, asking, examples), "guessed"
    if not found:
        return draft, []
    wider = draft.having(_told("inputs", found, how), inputs=tables(found))
    with wider.opened(asking.base_url) as contract:
        made_up = [case for case in contract.corpus.valid if case.example is None][:_TRIED]
        exchanges = [asking.case(case) for case in made_up]
    refused = [exchange for exchange in exchanges if not exchange.succeeded]
    if not refused:
        return wider, exchanges
    came = (
        f"{len(refused)} of {len(made_up)} made-up requests were refused: {refused[0].came_back()}"
    )
    if not examples:
        raise ConfigError(f"{came}; {_GIVE}")
    told = (
        f"inputs {how}, and not declared, as {came}; declare [[contract.inputs]] with their range"
    )
    return draft.having(told), []


def described(draft: Draft, asking: Asking) -> Draft:
    """With what the server says of itself: tensors, or schemas. Raises ConfigError."""
    try:
        with draft.opened(asking.base_url) as contract:
            sides = (
                ("request", REQUEST, contract.request),
                ("response", RESPONSE, contract.response),
            )
            where, named = contract.predict_path, contract.form.inputs
    except GateError as problem:
        raise ConfigError(f"{problem}; {_GIVE}") from None
    if named:
        return drafted(draft, asking, ())
    draft = draft.having(path=where)
    for key, name, schema in sides:
        if schema is not None:
            told = f"{key}: as the server describes it: {name}"
            draft = draft.holding(key, name, pretty(schema.document), told)
    return draft


def _told(what: str, tensors: Iterable[Tensor], how: str = "") -> str:
    shown = []
    for tensor in tensors:
        rules = [f"{tensor.range[0]:g} to {tensor.range[1]:g}"] if tensor.range else []
        rules += [f"each row sums to {tensor.sums_to:g}"] if tensor.sums_to is not None else []
        sizes = ", ".join(map(str, tensor.shape))
        shown.append(" ".join([tensor.name, tensor.datatype, f"[{sizes}]", *rules]))
    return f"{what}{' ' + how if how else ''}: {'; '.join(shown)}" if shown else ""
