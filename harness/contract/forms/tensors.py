"""{"inputs": [tensor, ...]} -> {"outputs": [tensor, ...]}, each with name, shape, datatype."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.contract.forms.base import Encoding, Form, batched, no_list, row_by_row
from harness.contract.judging.tensors import Broken, Carried, flatten, reshape, shape_of
from harness.contract.requests.cases import JSON_TYPE, dumps

# Open Inference Protocol, "binary tensor data" extension: little-endian, row-major.
_PACKED = {"BOOL": "?", "FP16": "e", "FP32": "f", "FP64": "d"} | {
    f"{sign}INT{bits}": letter if not sign else letter.upper()
    for sign in ("", "U")
    for bits, letter in (("8", "b"), ("16", "h"), ("32", "i"), ("64", "q"))
}
_HEADER_LENGTH = "Inference-Header-Content-Length"


class Tensors(Form):
    """Open Inference Protocol V2."""

    @property
    def adds_members(self) -> bool:
        return True

    @property
    def has_batch(self) -> bool:
        return batched(self.inputs)

    def malformed(self, request: Any) -> list[Broken]:
        broken = no_list(request, self.preset.request, filled=True)
        return broken or _no_tensors(request, self.preset.request)

    def carried(self, answer: Any) -> list[Carried] | Broken:
        key = self.preset.answer
        broken = no_list(answer, key) or _no_tensors(answer, key)
        return broken[0] if broken else _carried(answer[key], key)

    def sent(self, request: Any) -> list[Carried]:
        return _carried(request[self.preset.request], self.preset.request)

    def request(self, tensors: Mapping[str, Any]) -> Any:
        datatypes = {tensor.name: tensor.datatype for tensor in self.inputs}
        return {
            self.preset.request: [
                {
                    "name": name,
                    "shape": shape_of(data),
                    "datatype": datatypes.get(name, "FP32"),
                    "data": flatten(data),
                }
                for name, data in tensors.items()
            ]
        }

    def by_columns(self, tensors: Mapping[str, Any]) -> Any:
        return self.request(tensors)

    def asking_for(self, request: Any, outputs: Sequence[str]) -> Any:
        return {**request, self.preset.answer: [{"name": name} for name in outputs]}

    def split(self, request: Any) -> list[Any] | None:
        if not self.has_batch or self.malformed(request):
            return None
        return _rows(self.sent(request))

    def join(self, rows: Sequence[Any]) -> Any:
        return self.request({name: [row[name] for row in rows] for name in rows[0]})

    def results(self, answer: Any) -> list[Any] | None:
        carried = self.carried(answer)
        words = {t.name for t in self.outputs if not isinstance(t.shape[0], str)}
        if isinstance(carried, Broken):
            return None
        return _rows([tensor for tensor in carried if tensor.name not in words])

    def prediction(self, answer: Any) -> Any:
        # Servers add an id of their own where the request has none.
        return answer.get(self.preset.answer) if isinstance(answer, dict) else answer

    def encodings(self, request: Any) -> Iterator[Encoding]:
        if self.malformed(request) or any(_shaped(t) is None for t in self.sent(request)):
            return
        if "nested" in self.preset.encodings:
            yield from self._nested(request)
        yield from self._turned(request)
        if "binary" in self.preset.encodings:
            yield from self._binary(request)

    def requested_outputs(self, request: Any) -> list[str]:
        wanted = request.get(self.preset.answer) if isinstance(request, dict) else None
        listed = wanted if isinstance(wanted, list) else []
        named = [item.get("name") for item in listed if isinstance(item, dict)]
        return [name for name in named if isinstance(name, str)]

    def _nested(self, request: Any) -> Iterator[Encoding]:
        """`data` as nested lists where it was flat, and flat where it was nested."""
        tensors = [
            {**tensor, "data": flatten(tensor["data"]) if nested else _shaped(sent)}
            for tensor, sent in zip(request[self.preset.request], self.sent(request), strict=True)
            for nested in [any(isinstance(item, list) for item in tensor["data"])]
        ]
        written = {**request, self.preset.request: tensors}
        if written != request:
            yield Encoding("nested data", {"Content-Type": JSON_TYPE}, dumps(written))

    def _turned(self, request: Any) -> Iterator[Encoding]:
        """The inputs last first: each has its name, and that says which it is."""
        key = self.preset.request
        names = [tensor["name"] for tensor in request[key]]
        if len(names) > 1 and len(set(names)) == len(names):
            body = dumps({**request, key: request[key][::-1]})
            yield Encoding("inputs in another order", {"Content-Type": JSON_TYPE}, body, True)

    def _binary(self, request: Any) -> Iterator[Encoding]:
        """The tensors as bytes after a JSON header; the answer stays JSON."""
        tensors, blobs = [], []
        for tensor in request[self.preset.request]:
            blob = _packed(tensor["datatype"], flatten(tensor["data"]))
            if blob is None:
                return
            size = {**tensor.get("parameters", {}), "binary_data_size": len(blob)}
            rest = {key: value for key, value in tensor.items() if key != "data"}
            tensors.append({**rest, "parameters": size})
            blobs.append(blob)
        header = dumps({**request, self.preset.request: tensors})
        headers = {
            "Content-Type": "application/octet-stream",
            _HEADER_LENGTH: str(len(header)),
        }
        yield Encoding("binary data", headers, header + b"".join(blobs))


def _packed(datatype: str, flat: list[Any]) -> bytes | None:
    """Elements as the extension writes them; None where they are none of the datatype."""
    try:
        if datatype == "BYTES":
            texts = [item.encode() for item in flat]
            return b"".join(struct.pack("<I", len(text)) + text for text in texts)
        return struct.pack(f"<{len(flat)}{_PACKED[datatype]}", *flat)
    except (struct.error, KeyError, AttributeError, OverflowError, UnicodeEncodeError):
        return None


def _shaped(tensor: Carried) -> Any:
    """The data as nested lists, where shape and data agree; None where they do not."""
    if shape_of(tensor.data) is None:
        return None  # ragged
    flat, shape = flatten(tensor.data), tensor.shape
    sound = isinstance(shape, list) and shape and all(type(n) is int and n >= 0 for n in shape)
    return reshape(flat, shape) if sound and math.prod(shape) == len(flat) else None


def _rows(carried: list[Carried]) -> list[Any] | None:
    """Row i of every tensor, where shapes and data agree; None where they do not."""
    tensors = {tensor.name: _shaped(tensor) for tensor in carried}
    return row_by_row(tensors) if tensors and None not in tensors.values() else None


def _carried(tensors: list[dict[str, Any]], key: str) -> list[Carried]:
    return [
        Carried(t["name"], t["data"], f"$.{key}[{index}].data", t["shape"], t["datatype"])
        for index, t in enumerate(tensors)
    ]


def _no_tensors(value: Any, key: str) -> list[Broken]:
    for index, tensor in enumerate(value[key]):
        where = f"$.{key}[{index}]"
        if not isinstance(tensor, dict):
            return [Broken("protocol", "a tensor is no object", where, "an object")]
        for member, kind in (("name", str), ("shape", list), ("datatype", str), ("data", list)):
            if not isinstance(tensor.get(member), kind):
                expected, received = kind.__name__, type(tensor.get(member)).__name__
                message = f"a tensor has no proper {member!r}"
                return [Broken("protocol", message, f"{where}.{member}", expected, received)]
    return []


FORM = Tensors
