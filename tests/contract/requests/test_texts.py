"""The texts: of every sort that readers stumble over."""

from __future__ import annotations

import unicodedata

import pytest

from harness.contract.requests.cases import dumps
from harness.contract.requests.texts import PLAIN, RIGHT_TO_LEFT, RUNS, TEXTS
from harness.contract.wire.strictjson import parse


@pytest.mark.parametrize("sort", ["R", "AL"])
def test_some_are_written_from_right_to_left(sort: str) -> None:
    assert any(unicodedata.bidirectional(c) == sort for text in TEXTS for c in text)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\n", "\u200d", "\ufeff", "\u202e"])
def test_control_characters_are_there(character: str) -> None:
    assert any(character in text for text in TEXTS)


def test_some_are_empty_some_long_some_beyond_the_basic_plane() -> None:
    assert "" in TEXTS
    assert max(map(len, TEXTS)) == 20_000
    assert any(ord(c) > 0xFFFF for text in TEXTS for c in text)


def test_whole_sentences_run_from_right_to_left() -> None:
    assert min(map(len, RIGHT_TO_LEFT)) > 40
    starts = {unicodedata.bidirectional(text[0]) for text in RIGHT_TO_LEFT}
    assert starts == {"R", "AL"}


@pytest.mark.parametrize("units", [15, 16, 31, 32, 50, 63, 64, 100, 127, 128, 140, 255, 256])
def test_wherever_a_text_is_cut_a_character_of_some_run_is_cut_in_two(units: int) -> None:
    pieces = [text.encode("utf-16-le")[: 2 * units] for text in RUNS if " " not in text]
    with pytest.raises(UnicodeDecodeError):
        assert [piece.decode("utf-16-le") for piece in pieces]


def test_all_of_them_travel_as_strict_json() -> None:
    assert [
        text for text in (*PLAIN, *TEXTS, *RIGHT_TO_LEFT, *RUNS) if parse(dumps(text)).value != text
    ] == []
