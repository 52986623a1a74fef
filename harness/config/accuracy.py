"""`[accuracy]` of gate.toml as types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from harness.config.section import Section


class Served(Section):
    """How a row becomes a request of a plain JSON service, and its answer a label."""

    request: Any
    """The request; the text "$row" stands for the row."""
    answer: str = ""
    """JSON pointer to the prediction in the answer."""


class AccuracyConfig(Section):
    """What the model must still know."""

    dataset: str
    """.npz, .npy, .parquet, .arrow, .jsonl, .tfrecord or a folder of them."""
    inputs: str | Annotated[list[str], Field(min_length=1)] | dict[str, str] = "x"
    """Column of the rows; for several inputs their names, or a table from input to column."""
    labels: str = "y"
    """Column of the labels."""
    slices: list[str] = []
    """Columns whose values are looked at one by one."""
    clusters: str | None = None
    """Column that names what belongs together, like a user: intervals are over clusters then."""
    calibration: str | None = None
    """Data set that the quantizer saw; rows shared with `dataset` are a finding."""
    reference: str
    """.onnx, .tflite, .keras, a SavedModel folder, or "baseline": through the running baseline."""
    candidate: str = "served"
    """A model file, or "served": through the running candidate."""
    file: str | None = None
    """Model file that the candidate serves; by default `candidate`, where that is a file."""
    candidates: list[str] = []
    """More model files, for the trade-off of size, speed and accuracy."""
    output: str | None = None
    """Output of the models that is compared, where there are several."""
    metric: str = "accuracy"
    """What is compared: accuracy, topk, f1, auroc, mae, rmse, r2, quantile or "module:function"."""
    k: int = Field(default=5, ge=1)
    """Of metric "topk": the label is among so many highest scores."""
    average: Literal["macro", "micro", "weighted"] = "macro"
    """Of metric "f1": over the classes."""
    positive: str | None = None
    """Of metrics "f1" and "auroc": the label that counts as positive."""
    quantile: float = Field(default=0.5, gt=0, lt=1)
    """Of metric "quantile": the quantile that the model predicts."""
    batch: int = Field(default=32, ge=1)
    """Rows at once."""
    optimization: Literal["all", "extended", "basic", "disabled"] = "all"
    """Of ONNX graphs, as the service sets it."""
    seed: int = 1
    """Seed of the order of the rows and of resampling."""
    early: bool = True
    """End as soon as every limit is decided, where the data set is large."""
    processes: int | None = Field(default=None, ge=1)
    """At most, with one thread each; by default one a core."""
    engine: str = "local"
    """Where rows are evaluated: "local", or a cluster like "dask://127.0.0.1:8786"."""
    cache: bool = True
    """Keep the reference's outputs in .gate/, for the next run with the same files."""
    emulate: Literal["haswell"] | None = None
    """Processor that some rows are run on as well, with qemu-user."""
    production_flags: list[str] = []
    """What /proc/cpuinfo says in production, as far as it matters: "avx2", "avx512_vnni", ..."""
    served: Served | None = None
    """For a served candidate behind protocol "json"."""
