"""A shard's file: exact, and told from one that was cut, altered, or is something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.accuracy.evaluation import Job, run_blocks
from harness.accuracy.sharding import Place
from harness.accuracy.sharding.document import check, read_blocks, read_header
from harness.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "blocks"), [("1/3", [0, 3, 6]), ("3/3", [2, 5]), ("1/1", list(range(8)))]
)
def test_a_shard_has_every_nth_block(text: str, blocks: list[int]) -> None:
    assert list(Place.parse(text).blocks(8)) == blocks


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/2", "1/3/5", ""])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected i/N"):
        Place.parse(text)


def test_counts_come_back_from_a_file_to_the_bit(
    three_shards: list[Path], forty_block_job: Job
) -> None:
    read = [counts.fields() for _, counts in read_blocks(three_shards[0])][:2]
    computed = [counts.fields() for _, counts in run_blocks(forty_block_job, [0, 3], 1)]
    for (fields, arrays), (known, expected) in zip(read, computed, strict=True):
        assert fields == known
        assert {name: (a.dtype, a.shape, a.tobytes()) for name, a in arrays.items()} == {
            name: (a.dtype, a.shape, a.tobytes()) for name, a in expected.items()
        }


def test_every_cut_is_noticed(three_shards: list[Path], tmp_path: Path) -> None:
    whole = three_shards[0].read_bytes()
    lines = [place for place, byte in enumerate(whole) if byte == ord("\n")]
    cut = tmp_path / "cut.jsonl"
    for end in (lines[0] + 1, lines[4], lines[4] + 1, lines[-2] + 1, lines[-1] - 5, lines[-1]):
        cut.write_bytes(whole[:end])
        with pytest.raises(ConfigError, match=r"cut\.jsonl: the shard is cut short"):
            check(cut)


def test_an_altered_number_is_noticed(three_shards: list[Path], tmp_path: Path) -> None:
    altered = tmp_path / "altered.jsonl"
    whole = three_shards[0].read_bytes()
    altered.write_bytes(whole.replace(b'"same":', b'"same":1', 1))
    with pytest.raises(ConfigError, match="does not match the digest"):
        check(altered)


def test_lines_behind_the_end_are_noticed(three_shards: list[Path], tmp_path: Path) -> None:
    longer = tmp_path / "longer.jsonl"
    longer.write_bytes(three_shards[0].read_bytes() * 2)
    with pytest.raises(ConfigError, match="cut short"):
        check(longer)


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[1]\n", b"\x00\xff\n", b'{"kind": 3}\n'])
def test_a_file_that_is_no_shard_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not a shard"):
        check(path)


def test_a_shard_of_another_version_is_refused(three_shards: list[Path], tmp_path: Path) -> None:
    newer = tmp_path / "newer.jsonl"
    head, _, rest = three_shards[0].read_bytes().partition(b"\n")
    newer.write_bytes(json.dumps({**json.loads(head), "version": 9}).encode() + b"\n" + rest)
    with pytest.raises(ConfigError, match="a shard of version 9, expected version 1"):
        read_header(newer)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.jsonl: cannot be read: No such file"):
        check(tmp_path / "none.jsonl")


def test_counts_of_objects_are_never_unpacked(three_shards: list[Path], tmp_path: Path) -> None:
    lines = three_shards[0].read_bytes().splitlines()
    row = json.loads(lines[1])
    row["arrays"]["cells"][0] = "|O"
    forged = tmp_path / "forged.jsonl"
    forged.write_bytes(b"\n".join([lines[0], json.dumps(row).encode(), *lines[2:], b""]))
    with pytest.raises(ConfigError, match="holds no counts"):
        check(forged)
