"""The Gate: one gate.toml with one policy, every path found, ready to be run."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.config.accuracy import AccuracyConfig
from harness.config.load import LoadConfig
from harness.config.messages import explain
from harness.config.policy import Policy, resolve
from harness.config.schema import (
    CandidateConfig,
    ContractConfig,
    GateFile,
)
from harness.errors import ConfigError

# Keys that name a file or a folder, and which of the two.
_PATHS = {
    "candidate.source": "folder",
    "candidate.build.context": "folder",
    "baseline.report": "file",
    "contract.request": "file",
    "contract.response": "file",
    "contract.examples": "file",
    "contract.signature": "any",
    "contract.corpus": "file",
    "baseline.golden": "file",
    "accuracy.dataset": "any",
    "accuracy.reference": "any",
    "accuracy.candidate": "any",
    "accuracy.file": "any",
    "accuracy.candidates": "any",
    "accuracy.calibration": "any",
    "load.locustfile": "file",
}
_WORDS = {"accuracy.reference": {"baseline"}, "accuracy.candidate": {"served"}}


@dataclass(frozen=True, slots=True)
class Gate:
    """What will be run: the file's content, the folder that its paths start from, the policy."""

    path: Path
    file: GateFile
    policy: Policy
    digest: str  # `sha256:...` of the configuration, overrides included

    @property
    def root(self) -> Path:
        """Folder that relative paths start from."""
        return self.path.parent

    @property
    def candidate(self) -> CandidateConfig:
        """`[candidate]`."""
        return self.file.candidate

    @property
    def contract(self) -> ContractConfig:
        """`[contract]`."""
        return self.file.contract

    @property
    def accuracy(self) -> AccuracyConfig | None:
        """`[accuracy]`, where the file has one."""
        return self.file.accuracy

    @property
    def accuracy_is_served(self) -> bool:
        """Whether accuracy asks the model under test through the running candidate."""
        return self.file.accuracy is not None and self.file.accuracy.candidate == "served"

    @property
    def accuracy_beside_baseline(self) -> bool:
        """Whether accuracy asks the reference through the running baseline."""
        return self.file.accuracy is not None and self.file.accuracy.reference == "baseline"

    @property
    def load(self) -> LoadConfig | None:
        """`[load]`, where the file has one."""
        return self.file.load

    @property
    def baseline_image(self) -> str | None:
        """Image of the release that runs beside the candidate, where there is one."""
        return None if self.file.baseline is None else self.file.baseline.image

    @property
    def golden_path(self) -> Path | None:
        """File of the accepted release's contract and answers, where there is one."""
        said = None if self.file.baseline is None else self.file.baseline.golden
        return None if said is None else self.find(said)

    def find(self, relative: str) -> Path:
        """The path that `relative` stands for in this file."""
        return (self.root / relative).resolve()

    def with_policy(self, name: str) -> Gate:
        """The same gate under another of its policies. Raises ConfigError."""
        return replace(self, policy=resolve(self.file, name))


def load(
    path: str | Path,
    *,
    policy: str | None = None,
    image: str | None = None,
    url: str | None = None,
    baseline: str | None = None,
    writes: str | None = None,
) -> Gate:
    """Read a gate.toml; `image`, `url` and `baseline` replace what it says of them.

    `writes`: key of a file that is about to be written, and need not be there yet.
    Raises ConfigError with file, key path, what was received and what was expected.
    """
    path = Path(path).resolve()
    raw = _read(path)
    _override(raw, image, url, baseline)
    try:
        file = GateFile.model_validate(raw)
    except ValidationError as problem:
        raise ConfigError(explain(path, problem)) from None
    _check_paths(path, raw, writes)
    _check_meaning(path, file)
    try:
        for name in file.policies:
            resolve(file, name)
        chosen = resolve(file, policy)
    except ConfigError as problem:
        raise ConfigError(f"{path}: {problem}") from None
    text = json.dumps(file.model_dump(mode="json"), sort_keys=True)
    return Gate(path, file, chosen, "sha256:" + hashlib.sha256(text.encode()).hexdigest())


def _read(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise ConfigError(f"{path}: is a folder, expected a gate.toml")
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; write one as in docs/gate-toml.md") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: cannot be read as UTF-8 text: {problem}") from None
    except tomllib.TOMLDecodeError as problem:
        raise ConfigError(f"{path}: not valid TOML: {problem}") from None


def _override(
    raw: dict[str, Any], image: str | None, url: str | None, baseline: str | None
) -> None:
    if image is not None and url is not None:
        raise ConfigError("--image and --url exclude each other")
    candidate = raw.get("candidate")
    given = {"image": image, "url": url}
    if isinstance(candidate, dict) and (image or url):
        for key in ("image", "build", "command", "url"):
            candidate.pop(key, None)
        candidate.update({key: value for key, value in given.items() if value})
        if url:
            candidate.pop("services", None)  # what runs elsewhere has its own beside it
    if baseline is not None:
        said = raw.get("baseline")
        golden = said.get("golden") if isinstance(said, dict) else None
        raw["baseline"] = {"image": baseline} | ({} if golden is None else {"golden": golden})


def _check_paths(path: Path, raw: dict[str, Any], writes: str | None) -> None:
    for key, kind in _PATHS.items():
        value: Any = raw
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name not in _WORDS.get(key, ()) and key != writes:
                _check_path(path, key, kind, name)


def _check_path(path: Path, key: str, kind: str, name: str) -> None:
    found = path.parent / name
    exists = {"file": found.is_file, "folder": found.is_dir, "any": found.exists}[kind]()
    if not exists:
        raise ConfigError(
            f"{path}: {key} = {name!r}: no such {'file or folder' if kind == 'any' else kind}"
            f" at {found}; paths are relative to the file"
        )


def _check_meaning(path: Path, file: GateFile) -> None:
    """What one key says about another."""
    if file.contract.protocol == "json" and not file.contract.path:
        raise ConfigError(
            f"{path}: contract.path is missing: protocol 'json' expects one like '/predict'"
        )
    given = file.candidate
    if given.services and (given.url or given.command):
        how = "url" if given.url else "command"
        raise ConfigError(f"{path}: candidate.services: a candidate given by {how} has none")
    for name, tensors in (("inputs", file.contract.inputs), ("outputs", file.contract.outputs)):
        names = [tensor.name for tensor in tensors]
        if len(set(names)) < len(names):
            raise ConfigError(f"{path}: contract.{name}: two tensors of one name among {names}")
