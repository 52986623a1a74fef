"""What `gate accuracy shard` refuses, and that a failed one leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.accuracy.evaluation import Job
from harness.accuracy.sharding import Place, write_shard
from harness.accuracy.sharding.shard import header_of
from harness.config import Gate, load
from harness.errors import ConfigError


def test_a_running_service_cannot_be_sharded(forty_blocks: Gate, tmp_path: Path) -> None:
    text = forty_blocks.path.read_text().replace('"candidate.onnx"', '"served"')
    path = forty_blocks.root / "served.toml"
    path.write_text(text + '[accuracy.served]\nrequest = ["$row"]\n')
    with pytest.raises(ConfigError, match="a running service cannot be sharded"):
        write_shard(load(path), Place(1, 2), tmp_path / "a.jsonl")


def test_a_folder_that_is_not_there_is_told_before_anything_runs(
    forty_blocks: Gate, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="its folder is not there"):
        write_shard(forty_blocks, Place(1, 2), tmp_path / "none" / "a.jsonl")


def test_a_shard_beyond_the_last_block_is_empty_and_whole(
    forty_blocks: Gate, tmp_path: Path
) -> None:
    header = write_shard(forty_blocks, Place(41, 41), tmp_path / "a.jsonl")
    assert (header.blocks, list(header.place.blocks(header.blocks))) == (40, [])
    assert len((tmp_path / "a.jsonl").read_bytes().splitlines()) == 2


def test_a_model_that_fails_leaves_no_file(forty_blocks: Gate, tmp_path: Path) -> None:
    broken = forty_blocks.root / "broken.onnx"
    broken.write_bytes(b"not a model")
    path = forty_blocks.root / "broken.toml"
    path.write_text(forty_blocks.path.read_text().replace('"candidate.onnx"', '"broken.onnx"'))
    command = [sys.executable, "-m", "harness", "accuracy", "shard", str(path)]
    out = tmp_path / "a.jsonl"
    done = subprocess.run(
        [*command, "--shard", "1/2", "--out", str(out)], capture_output=True, text=True
    )
    assert done.returncode == 3
    assert "broken.onnx" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_head_tells_another_model_and_another_order_apart(forty_block_job: Job) -> None:
    here = header_of(forty_block_job, Place(1, 2))
    other = replace(forty_block_job.candidate, digest="sha256:0")
    heads = [
        header_of(replace(forty_block_job, candidate=other), Place(1, 2)),
        header_of(replace(forty_block_job, seed=2), Place(1, 2)),
        header_of(replace(forty_block_job, block=2048), Place(1, 2)),
    ]
    assert all(head.job != here.job for head in heads)
    assert heads[0].models[1] == "sha256:0"
