"""What must not stand in any body: stack traces, own paths, exception classes, secrets.

CWE-209: an error message that tells of the program's inside helps whoever attacks it. What the
request itself carried and got back is no leak.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LOOKED_AT = 1_000_000  # bytes of a body that are searched
_AROUND = 60  # characters before a leak that are shown with it
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_ESCAPED = re.compile(r"\\(?:u00([0-7][0-9a-fA-F])|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}

_PYTHON = (
    "ArithmeticError|AssertionError|AttributeError|FileNotFoundError|FloatingPointError|ImportError"
    "|IndexError|JSONDecodeError|KeyError|LookupError|MemoryError|ModuleNotFoundError|NameError"
    "|NotImplementedError|OSError|OverflowError|RecursionError|RuntimeError"
    "|TypeError|UnboundLocalError|Unicode(?:De|En)codeError|ValueError|ZeroDivisionError"
)
_SUFFIX = r"(?:py|pyc|so|pkl|pickle|joblib|onnx|tflite|h5|keras|pt|pth|pb|safetensors|bin|ya?ml"
_SUFFIX += r"|toml|ini|cfg|env|db|sqlite|log|java|go|cc|cpp|rs|js|ts|rb)\b"
_ROOTS = r"(?:app|code|data|etc|mnt|opt|srv|tmp|usr|var|work|workspace|model|models|service)"

# Each with a text without which it cannot match: most bodies hold none of them, and are soon done.
_TRACES = (
    ("Traceback", r"Traceback \(most recent call last\)"),
    (", line ", r"File \"[^\"\n]{1,200}\", line \d+"),
    ("at ", r"\bat [\w.$<>]{1,200}\([\w.]{1,80}\.(?:java|kt|scala):\d+\)"),
    ("at ", r"\bat [^\n]{1,200} \(?(?:file://)?/[^\s:]{1,200}\.[cm]?[jt]s:\d+:\d+\)?"),
    ("goroutine ", r"\bgoroutine \d+ \[[a-z ]{1,40}\]:"),
    ("panic:", r"\bpanic: runtime error"),
    ("terminate ", r"\bterminate called after throwing an instance of"),
    (" 0x", r"#\d+ +0x[0-9a-f]{6,16} in \S"),
    ("panicked", r"thread '[^'\n]{1,60}' panicked at"),
)
_SECRETS = (
    ("IA", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("-----BEGIN", r"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"),
    ("gh", r"\bgh[opsu]_[A-Za-z0-9]{36}\b"),
    ("xox", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("hf_", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("sk-", r"\bsk-[A-Za-z0-9_-]{32,}"),
    ("AIza", r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("eyJ", r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    ("earer ", r"\b[Bb]earer [A-Za-z0-9._~+/-]{20,}=*"),
    ("://", r"\b[a-z][a-z0-9+]{1,20}://[^\s:/@]{1,80}:[^\s:/@]{3,80}@[\w.-]+"),
    (
        "=",
        r"(?i:\b(?:[a-z]{1,20}_)?(?:password|passwd|secret|api_?key|secret_?key|access_?key)"
        r"['\"]?\s*=\s*['\"]?[^\s'\",;&]{6,200})",
    ),
)
_PATHS = (
    ("-packages/", r"/(?:site|dist)-packages/"),
    ("/", r"(?<![\w.:/-])/(?:home/[\w.-]+|root|Users/[\w.-]+)/[\w.-]+"),
    ("/lib/", r"(?<![\w.:/-])/usr/(?:local/)?lib/[\w.-]+"),
    ("/opt/ml/", r"(?<![\w.:/-])/opt/ml/[\w.-]+"),
    ("/", rf"(?<![\w.:/-])/{_ROOTS}/(?:[\w.+-]+/){{0,12}}[\w+-]+\.{_SUFFIX}"),
    (":\\", r"\b[A-Z]:\\{1,2}(?:Users|Windows|Program Files)\\{1,2}\w"),
)
_CLASSES = (
    ("Error", rf"(?<![\w.])(?:{_PYTHON})\b"),
    ("StopIteration", r"\bStopIteration\b"),
    ("Err", r"(?<![\w./])(?:[a-z_]\w{0,60}\.){1,8}_?[A-Z]\w{0,80}Error\b"),
    ("Exception", r"(?<![\w./])(?:[a-z_]\w{0,60}\.){1,8}_?[A-Z]\w{0,80}Exception\b"),
    ("java", r"\bjavax?\.[a-z]\w*\.\w+"),
    ("sqlalchemy", r"\bsqlalchemy\.exc\b"),
    ("onnxruntime.", r"\bonnxruntime\.capi\.\w+"),
    ("<class ", r"<class '[\w.]{1,100}'>"),
    (" object at 0x", r"<[\w.]{1,100} object at 0x[0-9a-f]{6,16}>"),
    ("std::", r"\bstd::(?:bad_alloc|runtime_error|out_of_range|logic_error|exception)\b"),
)
# A member of that name; looked for in the raw bytes, where the name and its value are neighbours.
_SECRET_MEMBER = re.compile(
    rb'"(?:[a-z]+_)?(?:password|passwd|secret|api_?key|secret_?key|access_?key|private_?key)"'
    rb'\s*:\s*"[^"\s*]{6,200}"',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of leak."""

    name: str
    remedy: str
    grave: bool  # True: also among the results of a prediction it can mean nothing else


TRACE = Kind("a stack trace", "a message for the caller; the trace belongs into the log", True)
SECRET = Kind("a secret", "no credential in any answer", True)
PATH = Kind("a path of the server", "a message that says nothing of the server's files", False)
CLASS = Kind("an exception class", "a message about the request, not about the program", False)
_ORDER = ((TRACE, _TRACES), (SECRET, _SECRETS), (PATH, _PATHS), (CLASS, _CLASSES))
_SEARCHED = tuple(
    (kind, [(hint, re.compile(pattern)) for hint, pattern in patterns]) for kind, patterns in _ORDER
)


@dataclass(frozen=True, slots=True)
class Leak:
    """Something in a body that should not be there."""

    kind: Kind
    text: str  # as it stands there, unescaped
    around: str  # with what stands before and after it; of a secret only its beginning


def leaks(body: bytes, sent: str = "") -> Iterator[Leak]:
    """The first leak of each kind in `body`; what stands in the request's text is none.

    A trace is full of paths and classes: where there is one, these are not told again.
    """
    text = plain(body)
    told = False
    for kind, patterns in _SEARCHED:
        match = None if told and not kind.grave else _first(patterns, text, sent)
        if match is not None:
            told = True
            yield _leak(kind, match[0], text, match.start())
    member = _SECRET_MEMBER.search(body[:_LOOKED_AT])
    if member is not None and (member_text := _unescaped(member[0])) not in sent:
        yield _leak(SECRET, member_text, member_text, 0)


def _first(
    patterns: Sequence[tuple[str, re.Pattern[str]]], text: str, sent: str
) -> re.Match[str] | None:
    found = (m for hint, p in patterns if hint in text for m in p.finditer(text))
    return next((m for m in found if not (sent and m[0] in sent)), None)


def _leak(kind: Kind, found: str, text: str, start: int) -> Leak:
    before, after = text[max(0, start - _AROUND) : start], text[start + len(found) :]
    if kind is SECRET:
        found, after = f"{found[: max(8, len(found) // 3)]}... (cut here)", ""
    return Leak(kind, found, f"{before}{found}{after[: 3 * _AROUND]}")


def plain(body: bytes) -> str:
    """What of a body is text: the strings of a JSON text, unescaped, or all of another one."""
    body = body[:_LOOKED_AT]
    if body.lstrip()[:1] in (b"{", b"[", b'"'):
        return _unescaped(b"\n".join(_STRINGS.findall(body)))
    return _unescaped(body)


def _unescaped(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    if "\\" in text:
        text = _ESCAPED.sub(_character, text)
    return html.unescape(text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _LETTERS.get(match[2], match[2])
