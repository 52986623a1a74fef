"""A contract from what gate.toml and the files that it names say; nothing is started or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.contract import openapi
from harness.contract.contract import NEVER_TOLERATED, Contract
from harness.contract.forms import FORMS
from harness.contract.judging import columns, tensors
from harness.contract.judging.volatile import read_paths
from harness.contract.learning import asks, completed, contradictions
from harness.contract.protocol.presets import preset
from harness.contract.requests.cases import read_examples
from harness.contract.schema.schemas import Schema
from harness.contract.signatures import Signature, of_file
from harness.contract.signatures.document import load as read_json
from harness.contract.signatures.servers import openapi as documents
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.config import Gate
    from harness.config.schema import Tensor


def load(gate: Gate) -> Contract:
    """As `Contract.load`."""
    said = gate.contract
    found = preset(said.protocol, said.dialect)
    tensors.check_declared(said.inputs, "inputs")
    tensors.check_declared(said.outputs, "outputs")
    columns.check_declared(said.outputs)
    read_paths(said.volatile)
    model = said.model or gate.candidate.name
    path = said.path or found.predict_path(model)
    contract = Contract(
        config=said,
        root=gate.root,
        model=model,
        preset=found,
        form=FORMS[found.form](found, said.inputs, said.outputs),
        request=_schema(gate, said.request),
        response=_schema(gate, said.response),
        examples=read_examples(gate.find(said.examples)) if said.examples else (),
        ready_path=gate.candidate.ready.path or found.ready_path(model),
        predict_path="/" + path.removeprefix("/") if path else "",
        template=gate.accuracy.served if gate.accuracy is not None else None,
    )
    _check_tolerated(gate)
    contract = _with_files(gate, contract)
    _check_examples(contract)
    _refuse_mute(gate, contract)
    return contract


def _check_tolerated(gate: Gate) -> None:
    wrong = sorted(NEVER_TOLERATED & set(gate.contract.tolerate))
    if wrong:
        raise ConfigError(
            f"{gate.path}: contract.tolerate: {wrong[0]!r} says that the service was not there, and"
            " is never tolerated; a waiver of the check may be, for a while"
        )


def batched(gate: Gate) -> bool:
    """Whether the gate's contract has a batch, or may turn out to have one.

    Found without reading its files or asking the server. Raises ConfigError for an unknown
    protocol.
    """
    said = gate.contract
    found = preset(said.protocol, said.dialect)
    form = FORMS[found.form](found, said.inputs, said.outputs)
    described = said.signature or (found.metadata and found.described)
    return form.has_batch or (not said.inputs and bool(described))


def describes(gate: Gate) -> bool:
    """Whether a server of the gate's protocol describes its inputs and outputs: no file does it."""
    said = gate.contract
    by_file = said.protocol == "openapi" and said.document is not None
    if by_file and gate.find(said.document or "").is_file():
        return False
    found = preset(said.protocol, said.dialect)
    return bool(found.metadata) and found.described


def unlabelled(gate: Gate) -> str:
    """Why no answer can have a label beside a list of scores; "" where one may."""
    said = gate.contract
    if said.examples or said.response:
        return ""
    if not said.outputs:
        known = said.signature or describes(gate)
        return "" if known else "no output is declared, and no example shows one"
    names = any(item.datatype not in (*tensors.REALS, "BOOL") for item in said.outputs)
    scores = any(item.datatype in tensors.REALS and _in_columns(item) for item in said.outputs)
    return "" if names and scores else "no declared output is a label, beside one of scores"


def _in_columns(tensor: Tensor) -> bool:
    """Whether a row of it has several numbers."""
    first, last = tensor.shape[0], tensor.shape[-1]
    return last != 1 and (len(tensor.shape) > 1 or isinstance(first, int))


def _with_files(gate: Gate, contract: Contract) -> Contract:
    said = gate.contract
    if said.signature is not None:
        path = gate.find(said.signature)
        found = of_file(path)
        broken = contradictions(contract, found)
        if broken:
            first = broken[0]
            raise ConfigError(
                f"{gate.path}: contract.{first.path[2:]}: {first.message} in {path}: "
                f"{first.expected} there, {first.received} here"
            )
        contract = completed(contract, found, f"contract.signature {said.signature}")
    if contract.protocol == "openapi" and said.document is not None:
        path = gate.find(said.document)
        if path.is_file():
            found = _operation(path.name, contract, read_json(path))
            return completed(contract, found, f"contract.document {said.document}")
        if not said.document.startswith("/"):
            raise ConfigError(
                f"{gate.path}: contract.document = {said.document!r}: no such file at {path}; "
                "a document on the server is given by its path, like '/openapi.json'"
            )
    return contract


def _operation(name: str, contract: Contract, document: object) -> Signature:
    if not openapi.is_document(document):
        raise ConfigError(f'{name}: no OpenAPI document: neither "openapi" nor "swagger" in it')
    return documents.read(document, name, contract.predict_path)


def _refuse_mute(gate: Gate, contract: Contract) -> None:
    """Without a word on valid requests nothing can be tried, unless the server can be asked."""
    asking = asks(contract)
    if not contract.predict_path and not asking:
        raise ConfigError(
            f"{gate.path}: contract.path is missing: protocol {contract.protocol!r} leaves it open;"
            " give one like '/predict'"
        )
    if not asking and not contract.corpus.valid:
        raise ConfigError(
            f"{gate.path}: contract: nothing to infer with; give examples = "
            '"examples.jsonl" with lines of {"request": ..., "response": ...}, a request '
            "schema that a request can be drawn from, [[contract.inputs]], or the signature of "
            "the model"
        )
    if contract.config.corpus is not None:
        _ = contract.corpus  # a frozen file that does not fit the contract is refused now


def _schema(gate: Gate, name: str | None) -> Schema | None:
    return None if name is None else Schema.read(gate.find(name), name)


def _check_examples(contract: Contract) -> None:
    """An example must obey the schemas and tensor rules that stand beside it."""
    for example in contract.examples:
        at = f"contract.examples: {contract.config.examples}:{example.line}"
        if not example.succeeds:
            continue
        for name, schema, value, given in (
            ("request", contract.request, example.request, True),
            ("response", contract.response, example.response, example.has_response),
        ):
            broken = schema.violations(value) if schema is not None and given else []
            if broken:
                raise ConfigError(
                    f"{at}: its {name} breaks contract.{name} at {broken[0].path}: "
                    f"{broken[0].message}"
                )
        rule = next(iter(contract.form.malformed(example.request)), None)
        if rule is not None:
            raise ConfigError(
                f"{at}: its request is none of protocol {contract.protocol!r}: {rule.message}"
            )
