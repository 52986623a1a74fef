"""Merged shards are the unsharded evaluation to the bit; whatever is not all of it is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.accuracy import Comparison, evaluate
from harness.accuracy.sharding import Place, merge, write_shard
from harness.config import Gate, load
from harness.errors import ConfigError
from harness.limits import Limit


def bits(comparison: Comparison) -> Any:
    """Everything that was counted and measured, floats as their bytes."""
    fields, arrays = comparison.counts.fields()
    packed = {
        name: (array.dtype.str, array.shape, array.tobytes()) for name, array in arrays.items()
    }
    measured, drop = comparison.measured, comparison.drop
    floats = [measured.reference, measured.candidate, drop.value, drop.low, drop.high]
    return fields, packed, [value.hex() for value in floats], comparison.ended_early


@pytest.mark.parametrize(("limit", "early"), [("<= 0.2 pp", False), ("<= 3 pp", True)])
def test_shards_in_any_order_give_the_unsharded_comparison_to_the_bit(
    limit: str, early: bool, forty_blocks: Gate, three_shards: list[Path]
) -> None:
    limits = {"drop": Limit.parse(limit)}
    whole = evaluate(forty_blocks, limits)
    counted = merge([three_shards[i] for i in (2, 0, 1)]).blocks
    merged = evaluate(forty_blocks, limits, counted=counted)
    assert whole.ended_early is early
    assert bits(merged) == bits(whole)


def test_shards_hold_for_the_same_files_in_another_folder(
    forty_blocks: Gate, three_shards: list[Path], tmp_path: Path
) -> None:
    shutil.copytree(
        forty_blocks.root, tmp_path / "elsewhere", ignore=shutil.ignore_patterns(".gate")
    )
    there = load(tmp_path / "elsewhere" / "gate.toml")
    merged = evaluate(there, counted=merge(three_shards).blocks)
    assert merged.counts.rows == 160_000


def gate(*words: object) -> subprocess.CompletedProcess[str]:
    """The command line, as a process."""
    command = [sys.executable, "-m", "harness", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def measured(report: Path) -> dict[str, Any]:
    """What a report says of each accuracy check, without times."""
    checks = json.loads((report / "report.json").read_text())["checks"]
    chosen = [check for check in checks if check["id"].startswith("accuracy.")]
    assert chosen
    return {
        check["id"]: [check["outcome"], check["reason"], check["measurements"]] for check in chosen
    }


def test_the_command_gives_the_report_and_the_exit_code_of_an_unsharded_run(
    forty_blocks: Gate, three_shards: list[Path], tmp_path: Path
) -> None:
    path = forty_blocks.path
    alone = gate("run", path, "--only", "accuracy", "--report", tmp_path / "alone")
    merged = gate(
        "accuracy", "merge", *three_shards, "--gate", path, "--report", tmp_path / "merged"
    )
    assert merged.returncode == alone.returncode == 4, merged.stderr  # 0.17 pp is near 0.2 pp
    assert measured(tmp_path / "merged") == measured(tmp_path / "alone")


def test_a_missing_shard_is_named(three_shards: list[Path]) -> None:
    with pytest.raises(ConfigError, match="missing: shard 2/3"):
        merge([three_shards[0], three_shards[2]])


def test_a_shard_that_is_given_twice_is_refused(three_shards: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(three_shards[1].read_bytes())
    with pytest.raises(ConfigError, match="shard 2/3 is there twice"):
        merge([*three_shards, copy])


def test_shards_that_are_cut_differently_do_not_mix(
    forty_blocks: Gate, three_shards: list[Path], tmp_path: Path
) -> None:
    write_shard(forty_blocks, Place(2, 2), tmp_path / "half.jsonl")
    with pytest.raises(ConfigError, match="is shard 2/2, but .* is shard 1/3"):
        merge([three_shards[0], tmp_path / "half.jsonl"])


def forged(shard: Path, path: Path, **changed: object) -> Path:
    """A copy of a shard with another head, and the digest that belongs to it."""
    lines = shard.read_bytes().splitlines(keepends=True)
    lines[0] = json.dumps({**json.loads(lines[0]), **changed}).encode() + b"\n"
    end = json.loads(lines[-1])
    digest = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    lines[-1] = json.dumps({**end, "sha256": digest}).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    return path


def test_a_shard_of_another_evaluation_is_refused(three_shards: list[Path], tmp_path: Path) -> None:
    foreign = forged(three_shards[1], tmp_path / "foreign.jsonl", job="sha256:0")
    with pytest.raises(ConfigError, match=r"foreign\.jsonl: belongs to another evaluation"):
        merge([three_shards[0], foreign, three_shards[2]])


def test_a_shard_that_lacks_a_block_is_refused(three_shards: list[Path], tmp_path: Path) -> None:
    short = forged(three_shards[1], tmp_path / "short.jsonl", blocks=43)
    with pytest.raises(ConfigError, match="holds other blocks than shard 2/3 has"):
        merge([three_shards[0], short, three_shards[2]])


def test_processors_that_compute_int8_differently_do_not_mix(
    three_shards: list[Path], tmp_path: Path
) -> None:
    here = json.loads(three_shards[0].read_bytes().splitlines()[0])["processor"]
    other = "" if here else "avx512_vnni"
    shard = forged(three_shards[1], tmp_path / "older.jsonl", processor=other)
    with pytest.raises(ConfigError, match="cuts int8 sums at 16 bits"):
        merge([three_shards[0], shard, three_shards[2]])


def test_shards_of_another_candidate_never_speak_for_this_one(
    forty_blocks: Gate, three_shards: list[Path]
) -> None:
    path = forty_blocks.root / "other.toml"
    path.write_text(forty_blocks.path.read_text().replace('"candidate.onnx"', '"reference.onnx"'))
    with pytest.raises(ConfigError, match="belong to another evaluation .* candidate is another"):
        evaluate(load(path), counted=merge(three_shards).blocks)


def test_no_shards_are_refused() -> None:
    with pytest.raises(ConfigError, match="no shards"):
        merge([])


def test_the_command_refuses_a_cut_shard_with_code_2_and_starts_nothing(
    forty_blocks: Gate, three_shards: list[Path], tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(three_shards[1].read_bytes()[:-100])
    report = tmp_path / "report"
    done = gate(
        "accuracy", "merge", three_shards[0], cut, three_shards[2],
        "--gate", forty_blocks.path, "--report", report,
    )  # fmt: skip
    assert (done.returncode, report.exists()) == (2, False)
    assert "cut.jsonl: the shard is cut short" in done.stdout + done.stderr
