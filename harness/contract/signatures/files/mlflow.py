"""MLflow's MLmodel file: a signature of tensors or of columns, as JSON inside of YAML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.contract.signatures.base import Raw, Signature, datatype, signature
from harness.contract.signatures.document import content, loads
from harness.contract.text import shown
from harness.errors import ConfigError

_NAME = "MLmodel"
_HINT = "log the model with mlflow.models.infer_signature, or declare [[contract.inputs]]"
# mlflow.types.DataType; what a text could be made up for that is no date and no picture.
_COLUMNS = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
}


def claims(path: Path) -> bool:
    """Whether it is an MLmodel file, or a folder that has one."""
    return path.name == _NAME or (path / _NAME).is_file()


def read(path: Path) -> Signature:
    """Its inputs and outputs; what has no name is called by its side, or by its number."""
    path = path / _NAME if path.is_dir() else path
    found = _yaml(path)
    said = found.get("signature") if isinstance(found, dict) else None
    if not isinstance(said, dict) or not said.get("inputs"):
        raise ConfigError(f"{path}: has no signature of inputs; {_HINT}")
    sides = [list(_side(said.get(side), side, path)) for side in ("inputs", "outputs")]
    return signature(*sides)


def _yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(content(path))
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        text = " ".join(str(problem).split())
        raise ConfigError(f"{path}: not a YAML file: {text[:200]}") from None


def _side(text: Any, side: str, path: Path) -> Iterator[Raw]:
    where = f"{path}: signature.{side}"
    listed = loads(text.encode(), where) if isinstance(text, str) else text or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise ConfigError(f"{where} = {shown(listed, 60)}: expected a list of tensors or columns")
    for number, item in enumerate(listed):
        name = str(item.get("name") or (side if len(listed) == 1 else number))
        if item.get("type") == "tensor":
            yield _tensor(name, item.get("tensor-spec"), where)
        else:
            yield _column(name, item.get("type"))


def _tensor(name: str, spec: Any, where: str) -> Raw:
    shape: Any = spec.get("shape") if isinstance(spec, dict) else None
    if not isinstance(shape, list) or not all(type(size) is int for size in shape):
        raise ConfigError(f"{where}: tensor {name!r} has no proper tensor-spec: {shown(spec, 60)}")
    sizes: Sequence[int] = shape
    kind = spec.get("dtype")
    return Raw(name, datatype(kind), sizes, str(kind))


def _column(name: str, kind: Any) -> Raw:
    """A column holds one value a row; lists and objects in one are beyond a tensor."""
    known = _COLUMNS.get(kind) if isinstance(kind, str) else None
    return Raw(name, known, [-1], str(kind))
