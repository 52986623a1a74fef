"""What a running server says of its inputs and outputs, and the contract that this completes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.contract.judging.findings import Exchange
from harness.contract.judging.tensors import Broken
from harness.contract.openapi import DEFAULT_PATHS
from harness.contract.requests.cases import Case, Claim
from harness.contract.schema.schemas import Schema
from harness.contract.signatures import Signature, of_server
from harness.contract.signatures.document import loads
from harness.contract.text import shown
from harness.contract.wire.transport import Prepared, send
from harness.errors import ConfigError, GateError

if TYPE_CHECKING:
    from harness.config.schema import Tensor
    from harness.contract.contract import Contract

_TIMEOUT = 5.0  # seconds for one answer
_LARGEST = 4 * 1024 * 1024  # bytes of it
_BY_SCHEMA = ("object", "array")  # forms whose requests a JSON Schema may describe as a whole
_HINT = "; declare [[contract.inputs]], or give contract.examples"


@dataclass(frozen=True)
class Described:
    """What the server said of itself, and in which answer."""

    exchange: Exchange
    signature: Signature


def asks(contract: Contract) -> tuple[str, ...]:
    """Paths at which the server might say what the contract leaves open, in the order to try."""
    by_schema = contract.preset.form in _BY_SCHEMA
    sides = (
        (contract.form.inputs, contract.request),
        (contract.form.outputs, contract.response),
    )
    known = all(tensors or (by_schema and schema) for tensors, schema in sides)
    return () if known and contract.predict_path else metadata_paths(contract)


def metadata_paths(contract: Contract) -> tuple[str, ...]:
    """Paths at which the server may describe itself; () where the contract's file does it."""
    if contract.protocol == "openapi":
        said = contract.config.document
        if said is not None and (contract.root / said).is_file():
            return ()
        return DEFAULT_PATHS if said is None else (said,)
    path = contract.preset.metadata_path(contract.model)
    return () if path is None or not contract.preset.described else (path,)


def learn(contract: Contract, base_url: str) -> Contract:
    """As `Contract.learn`."""
    if not asks(contract):
        return contract
    needed = not contract.predict_path or not contract.corpus.valid
    try:
        found = describe(contract, base_url)
        where = f"GET {found.exchange.case.prepared.path}"
        learned = completed(contract, found.signature, where)
    except GateError:
        if needed or contract.protocol == "openapi":
            raise
        return contract
    if needed and not learned.corpus.valid:
        notes = "; ".join(found.signature.notes) or "it names no inputs"
        raise ConfigError(f"nothing to infer with: {where}: {notes}{_HINT}")
    return learned


def describe(contract: Contract, base_url: str) -> Described:
    """Ask the server, bounded in time and size.

    Raises GateError where no path answers yet, ConfigError where what answers describes nothing.
    """
    seen, answered = [], False
    for path in metadata_paths(contract):
        sent = Prepared("GET", path)
        answer = send(base_url, sent, _TIMEOUT, _LARGEST)
        exchange = Exchange(Case(f"GET {path}", sent, Claim.VALID), answer, base_url)
        if exchange.succeeded:
            name = f"GET {path}"
            document = loads(answer.body, name)
            found = of_server(document, name, contract.predict_path)
            if found is not None:
                return Described(exchange, found)
        answered = answered or exchange.succeeded
        seen.append(f"GET {path} answered {exchange.came_back()}")
    message = f"the server does not describe its inputs: {'; '.join(seen)}{_HINT}"
    # What is not there may come while the service starts; another description will not.
    raise ConfigError(message) if answered else GateError(message)


def completed(contract: Contract, found: Signature, where: str) -> Contract:
    """The contract with what it leaves open filled from a signature; what it says stays.

    Raises ConfigError for a schema of the signature that is none.
    """
    form, preset = contract.form, contract.preset
    if found.error_members and not preset.error_members:
        preset = replace(preset, error_members=found.error_members)
    inputs, outputs = form.inputs, form.outputs
    request, response = contract.request, contract.response
    told = preset.form in _BY_SCHEMA and found.request is not None
    if told and request is None and not inputs and not _vague(found.request):
        request = Schema(found.request, f"request of {where}")
    if not told:
        inputs = _merged(inputs, found.inputs)
    if (
        preset.form in _BY_SCHEMA
        and response is None
        and not outputs
        and not _vague(found.response)
    ):
        response = Schema(found.response, f"response of {where}")
    elif not told:
        outputs = _merged(outputs, found.outputs)
    return replace(
        contract,
        preset=preset,
        form=type(form)(preset, inputs, outputs),
        request=request,
        response=response,
        predict_path=contract.predict_path or found.path,
        learned=where,
        _surveys={},
    )


def _merged(declared: Sequence[Tensor], found: Sequence[Tensor]) -> tuple[Tensor, ...]:
    names = {tensor.name for tensor in declared}
    return (*declared, *(tensor for tensor in found if tensor.name not in names))


def _vague(schema: object) -> bool:
    """A placeholder, like an object of which no member is required: it describes nothing.

    Servers publish such a schema where nobody wrote one, and then mean something else.
    """
    if not isinstance(schema, dict):
        return True
    words = schema.keys() - {"$schema", "title", "description", "examples", "default", "$defs"}
    if words <= {"type", "properties", "additionalProperties"}:
        return schema.get("type") in (None, "object") or isinstance(schema.get("type"), list)
    return False


def contradictions(contract: Contract, found: Signature) -> list[Broken]:
    """Where the declared tensors are others than those of the signature.

    `expected` is what the signature says, `received` what was declared.
    """
    sides = (
        ("input", contract.config.inputs, found.inputs),
        ("output", contract.config.outputs, found.outputs),
    )
    return [broken for side in sides for broken in _differences(*side)]


def _differences(
    what: str, declared: Iterable[Tensor], found: Sequence[Tensor]
) -> Iterator[Broken]:
    by_name = {tensor.name: tensor for tensor in found}
    for tensor in declared if found else ():
        path, other = f"$.{what}s", by_name.get(tensor.name)
        if other is None:
            named = ", ".join(by_name)
            message = f"there is no {what} {tensor.name!r}"
            yield Broken("metadata-name", message, path, named, tensor.name)
        elif tensor.datatype != other.datatype:
            message = f"{what} {tensor.name!r} has another datatype"
            yield Broken("metadata-datatype", message, path, other.datatype, tensor.datatype)
        elif not _agree(tensor.shape, other.shape):
            message = f"{what} {tensor.name!r} has another shape"
            yield Broken("metadata-shape", message, path, shown(other.shape), shown(tensor.shape))


def _agree(one: Sequence[int | str], other: Sequence[int | str]) -> bool:
    """Whether some tensor may have both shapes: a word, and -1, stand for any number."""
    return len(one) == len(other) and all(
        a == b or isinstance(a, str) or isinstance(b, str) or -1 in (a, b)
        for a, b in zip(one, other, strict=True)
    )
