"""TFRecord, with tensorflow and without; tensorflow only ever in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.accuracy.datasets import Batch, Roles
from harness.accuracy.datasets.source import ready
from harness.accuracy.datasets.tfrecord import Feature, column_of
from harness.accuracy.errors import DatasetError

ReadAll = Callable[..., list[Batch]]
HERE = Path("d.tfrecord")

# Writes the files, reads each as the child of `prepare` does, and prints what came of it.
_SCRIPT = """
import json, sys
from pathlib import Path
import tensorflow as tf
from harness.accuracy.datasets import Roles
from harness.accuracy.datasets.source import ready

folder = Path(sys.argv[1])
roles = Roles({"x": "x"}, "y", ("g",))

def example(i):
    return tf.train.Example(features=tf.train.Features(feature={
        "x": tf.train.Feature(float_list=tf.train.FloatList(value=[i, 0.5])),
        "y": tf.train.Feature(int64_list=tf.train.Int64List(value=[i % 3])),
        "g": tf.train.Feature(bytes_list=tf.train.BytesList(value=["grün".encode()])),
    })).SerializeToString()

def written(name, rows, options=None):
    with tf.io.TFRecordWriter(str(folder / name), options) as writer:
        for i in rows:
            writer.write(example(i))
    return folder / name

def tried(path):
    try:
        return ready(path, roles, folder / "store").copy
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}"

told = {
    "plain": tried(written("d.tfrecord", range(1030))),
    "gzip": tried(written("z.tfrecord", range(7), "GZIP")),
}
whole = (folder / "d.tfrecord").read_bytes()
for name, more in (("cut", 40), ("barely", 5)):
    (folder / f"{name}.tfrecord").write_bytes(whole[: len(whole) // 2 + more])
    told[name] = tried(folder / f"{name}.tfrecord")
(folder / "changed.tfrecord").write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
told["changed"] = tried(folder / "changed.tfrecord")
with tf.io.TFRecordWriter(str(folder / "text.tfrecord")) as writer:
    writer.write(bytes([255, 254, 253]))
told["text"] = tried(folder / "text.tfrecord")
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """For each file the folder of its copy, or the error."""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("needs tensorflow")
    folder = tmp_path_factory.mktemp("tfrecord")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _SCRIPT, str(folder)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.getcwd()},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(("kind", "rows"), [("plain", 1030), ("gzip", 7)])
def test_records_become_columns(told: dict[str, str], kind: str, rows: int) -> None:
    from harness.accuracy.datasets.flat import open_copy

    columns = open_copy(Path(told[kind]))
    found = columns.read(0, columns.rows)
    columns.close()
    assert found["x"].shape == (rows, 2) and found["x"].dtype == np.float32
    assert found["x"][:, 0].tolist() == list(range(rows))
    assert found["y"].tolist() == [i % 3 for i in range(rows)]
    assert set(found["g"].tolist()) == {"grün"}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("cut", "cut.tfrecord: not a whole TFRecord file: truncated record at"),
        ("barely", "barely.tfrecord: not a whole TFRecord file: its records end at byte"),
        ("changed", "changed.tfrecord: not a whole TFRecord file: corrupted record at 12"),
        ("text", "text.tfrecord: record 0 is no tf.train.Example"),
    ],
)
def test_files_that_are_not_whole(told: dict[str, str], kind: str, message: str) -> None:
    assert told[kind].startswith("DatasetError: ")
    assert message in told[kind]


def test_without_tensorflow_the_error_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    (tmp_path / "d.tfrecord").touch()
    with pytest.raises(DatasetError, match="reading TFRecord needs tensorflow"):
        ready(tmp_path / "d.tfrecord", Roles({"x": "x"}, "y"), tmp_path / "store")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{}, {"x": ("float_list", [1.0])}], "record 5: has no column 'x'"),
        ([{"x": ("float_list", [1.0])}, {"x": ("float_list", [])}], "has 0 to 1 values in the"),
        ([{"x": ("bytes_list", [b"\xff\x00"])}], "of record 5 holds bytes that are no UTF-8"),
        (
            [{"x": ("float_list", [1.0])}, {"x": ("bytes_list", [b"a"])}],
            "holds bytes_list and float_list in the records from 5 on",
        ),
    ],
)
def test_features_that_do_not_fit_are_named_with_their_record(
    rows: list[dict[str, Feature]], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        column_of(HERE, "x", rows, 5)


def test_one_value_is_a_number_and_several_are_a_vector() -> None:
    one: list[dict[str, Any]] = [{"x": ("int64_list", [3])}, {"x": ("int64_list", [4])}]
    assert column_of(HERE, "x", one, 0).tolist() == [3, 4]
    several: list[dict[str, Any]] = [{"x": ("bytes_list", [b"a", b"b"])}]
    assert column_of(HERE, "x", several, 0).tolist() == [["a", "b"]]
