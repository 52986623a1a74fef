"""What is remembered is of one state of the ledger, and of no other."""

from __future__ import annotations

from harness.server.memory import Memory


def test_a_value_is_known_in_the_state_it_was_asked_for_in_and_in_no_other() -> None:
    memory = Memory(lambda: 7, size=10)
    memory.put("a", 7, 100.0, "value")
    assert memory.get("a", 7, 99.0) == "value"
    assert memory.get("a", 8, 99.0) is None
    assert memory.get("b", 7, 99.0) is None


def test_a_value_ends_at_its_moment() -> None:
    memory = Memory(lambda: 7, size=10)
    memory.put("a", 7, 100.0, "value")
    assert memory.get("a", 7, 100.0) is None


def test_where_changes_cannot_be_seen_nothing_is_remembered() -> None:
    memory = Memory(lambda: None, size=10)
    memory.put("a", None, 100.0, "value")
    assert memory.get("a", None, 0.0) is None


def test_it_does_not_grow_beyond_its_size() -> None:
    memory = Memory(lambda: 7, size=10)
    for key in range(1000):
        memory.put(key, 7, 100.0, key)
    assert sum(memory.get(key, 7, 0.0) is not None for key in range(1000)) <= 10
