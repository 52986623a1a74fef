"""A label names the same column of scores in every answer, as in the recorded ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.contract.contract import Contract
from harness.contract.judging.compare import Difference
from harness.contract.judging.findings import Exchange
from harness.contract.relations.calibration import calibrated
from harness.contract.relations.relation import Relation
from harness.contract.text import json_path
from harness.model import Severity

_LEAST = 2  # labels that have to be known, else nothing says which column is whose
_COLUMNS = 3  # of two, a label may be chosen by another threshold than a half

_Named = tuple[str, Any, Any, float]  # path of the label, label, its column, by how much it leads


def labels(contract: Contract, base_url: str) -> Relation:
    """Which column each label names, learned from the responses in the examples file.

    Without such responses it is learned from the answers, each label's most frequent column. Raises
    GateError where nothing was answered, CandidateNotReady where the service is gone.
    """
    calibration = calibrated(contract, base_url)
    relation = Relation.of("labels", calibration)
    exchanges = [e for e in contract.survey(base_url).exchanges if e.comparable]
    answers = [(e, list(_named(contract, calibration.steady(e.parsed.value)))) for e in exchanges]
    shown = [e.response for e in contract.examples if e.succeeds and e.has_response]
    recorded = _columns([one for value in shown for one in _named(contract, value)])
    known = recorded or _columns([one for _, found in answers for one in found])
    if not known:
        relation.notes.append("no answer has a label beside a list of scores")
    for exchange, found in answers if known else ():
        for one in found:
            _judge(relation, exchange, one, known, "recorded" if recorded else "in other answers")
    return relation


def _judge(
    relation: Relation, exchange: Exchange, one: _Named, known: dict[Any, Any], where: str
) -> None:
    path, label, column, lead = one
    if label not in known:
        return
    relation.compared += 1
    if column == known[label]:
        return
    if lead <= 2 * relation.tolerance:
        relation.ties += 1
        return
    found = Difference(path, known[label], column)
    message = f"label {label!r} stands beside scores whose largest column is another"
    severity = (
        Severity.ERROR if where == "recorded" and len(known) >= _COLUMNS else Severity.WARNING
    )
    relation.report(exchange, message, found, f"the column of this label {where}", severity)


def _columns(found: Sequence[_Named]) -> dict[Any, Any]:
    """The column of each label, where every label has one of its own; else nothing."""
    counts: dict[Any, dict[Any, int]] = {}
    for _, label, column, _ in found:
        columns = counts.setdefault(label, {})
        columns[column] = columns.get(column, 0) + 1
    known = {label: max(columns, key=lambda c: columns[c]) for label, columns in counts.items()}
    sure = all(
        2 * columns[known[label]] > sum(columns.values()) for label, columns in counts.items()
    )
    return known if sure and len(set(known.values())) == len(known) >= _LEAST else {}


def _named(contract: Contract, value: Any) -> Iterator[_Named]:
    """Each label of an answer that has scores beside it, in rows or in the answer itself."""
    rows = contract.form.results(value)
    if rows is None:
        yield from _in_row(contract.form.prediction(value), ())
        return
    for place, row in enumerate(rows):
        yield from _in_row(row, (place,))


def _in_row(row: Any, parts: tuple[Any, ...]) -> Iterator[_Named]:
    """The only label and the only scores of an object."""
    if not isinstance(row, dict):
        return
    names = [name for name, item in row.items() if type(_bare(item)) in (str, int)]
    scored = [_scores(_bare(item, 2)) for item in row.values()]
    scores = [item for item in scored if item]
    if len(names) != 1 or len(scores) != 1:
        return
    ranked = sorted(scores[0].items(), key=lambda pair: pair[1], reverse=True)
    lead = ranked[0][1] - ranked[1][1]
    yield json_path([*parts, names[0]]), _bare(row[names[0]]), ranked[0][0], lead


def _bare(item: Any, least: int = 1) -> Any:
    """What is alone in a list: `["cat"]`, `[[0.1, 0.9]]`."""
    while isinstance(item, list) and len(item) == 1 and (least == 1 or isinstance(item[0], list)):
        item = item[0]
    return item


def _scores(item: Any) -> dict[Any, float]:
    """Scores by column or by name; {} where it holds something else."""
    pairs = dict(enumerate(item)) if isinstance(item, list) else item
    if not isinstance(pairs, dict) or len(pairs) < _LEAST:
        return {}
    sound = all(type(score) in (int, float) for score in pairs.values())
    return pairs if sound and any(type(score) is float for score in pairs.values()) else {}
