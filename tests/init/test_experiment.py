"""Trials on a service find out what it asks of a request."""

from __future__ import annotations

from typing import Any

from harness.init.experiment import Experiment


def _strict(value: Any) -> bool:
    """{"text": not empty, "top": number?, "flags": 1 to any number}, and nothing else."""
    if not isinstance(value, dict) or not {"text"} <= value.keys() <= {"text", "top", "flags"}:
        return False
    flags = value.get("flags", [True])
    sound = isinstance(flags, list) and flags and all(isinstance(flag, bool) for flag in flags)
    return bool(sound and isinstance(value["text"], str) and value["text"])


def _schema(example: Any, serves: Any) -> dict[str, Any]:
    found = Experiment([example], serves).schema()
    return {key: value for key, value in found.items() if not key.startswith(("$", "title"))}


def test_what_is_served_without_is_not_required_and_what_is_refused_is_forbidden() -> None:
    assert _schema({"text": "a", "top": 3, "flags": [True, False]}, _strict) == {
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1},
            "top": {"type": "number"},
            "flags": {"type": "array", "items": {"type": "boolean"}, "minItems": 1},
        },
        "required": ["text"],
        "additionalProperties": False,
    }


def test_a_service_that_takes_everything_has_a_loose_schema() -> None:
    assert _schema({"text": "a", "rows": [[1]]}, lambda value: True) == {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "rows": {
                "type": "array",
                "items": {"type": "array", "items": {"type": "number"}},
            },
        },
        "required": [],
    }


def test_a_list_of_fixed_length_is_found_out_by_lengthening_and_shortening_it() -> None:
    found = _schema([1.0, 2.0, 3.0], lambda value: isinstance(value, list) and len(value) == 3)
    assert (found["minItems"], found["maxItems"]) == (3, 3)


def test_trials_end() -> None:
    wide = {f"member {n}": "x" for n in range(1000)}
    experiment = Experiment([wide], lambda value: True)
    experiment.schema()
    assert experiment.trials <= 1002
