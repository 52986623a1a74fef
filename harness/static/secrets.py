"""Keys and tokens in text: found by their form, shown by their first letters only.

The forms are those that the issuers document (GitHub, GitLab, Slack, AWS, Google, Stripe, OpenAI,
Anthropic, Hugging Face, PyPI, npm); assignments are judged by name and by Shannon's entropy.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """Something that should not be there. The secret itself is never kept."""

    rule: str
    shown: str  # first four letters and the length
    line: int  # from 1


@dataclass(frozen=True, slots=True)
class _Form:
    rule: str
    literals: tuple[bytes, ...]  # one of them is in every match: searched first, as that is fast
    pattern: re.Pattern[bytes]


def _form(rule: str, literals: tuple[str, ...], pattern: str) -> _Form:
    # Neither side may go on: a token within a longer run of letters is a hash or an encoded blob.
    bounded = rf"(?<![A-Za-z0-9+/_-])(?:{pattern})(?![A-Za-z0-9_-])"
    return _Form(rule, tuple(text.encode() for text in literals), re.compile(bounded.encode()))


_FORMS = (
    _form("aws-access-key", ("AKIA", "ASIA"), r"(?:AKIA|ASIA)[A-Z2-7]{16}"),
    _form("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{36,}"),
    _form("github-token", ("github_pat_",), r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _form("gitlab-token", ("glpat-", "gldt-", "glrt-"), r"gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,}"),
    _form("slack-token", ("xoxb-", "xoxp-", "xoxa-", "xoxr-"), r"xox[abpr]-\d{8,}-[\w-]{12,}"),
    _form("google-api-key", ("AIza",), r"AIza[A-Za-z0-9_-]{35}"),
    _form("stripe-key", ("sk_live_", "rk_live_"), r"[sr]k_live_[A-Za-z0-9]{16,}"),
    _form("openai-key", ("sk-proj-", "sk-svcacct-"), r"sk-(?:proj|svcacct)-[A-Za-z0-9_-]{40,}"),
    _form("openai-key", ("T3BlbkFJ",), r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"),
    _form("anthropic-key", ("sk-ant-",), r"sk-ant-[A-Za-z0-9_-]{32,}"),
    _form("huggingface-token", ("hf_",), r"hf_[A-Za-z]{34}"),
    _form("pypi-token", ("pypi-AgE",), r"pypi-AgE[A-Za-z0-9_-]{50,}"),
    _form("npm-token", ("npm_",), r"npm_[A-Za-z0-9]{36}"),
)
# A key is more than its first line: source code that handles keys holds the first line, too.
_PEM = re.compile(
    rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"
    rb"(?:\s|\\n|\\r|[A-Z][\w-]+: [^\r\n]{1,100})*([A-Za-z0-9+/=]{24,})"
)
# `NAME=value` on a line of its own: settings files need no quotes, in code they tell a value from
# an expression.
_NAME = rb"(?im)^[ \t]*(?:export[ \t]+)?[\"']?([A-Z][A-Z0-9_.-]{0,60})[\"']?[ \t]*[:=][ \t]*"
_VALUE = rb"[^\s\"'#,;]{8,200}"
_BARE = re.compile(_NAME + rb"([\"']?)(" + _VALUE + rb")\2[ \t]*[,;]?[ \t]*\r?$")
_QUOTED = re.compile(_NAME + rb"([\"'])(" + _VALUE + rb")\2[ \t]*[,;]?[ \t]*\r?$")
_TELLING = re.compile(
    r"(?i)(^|[_.-])(password|passwd|pwd|secret|token|api_?key|apikey|access_?key|private_?key|"
    r"credentials?|auth_?key|secret_?key)($|[_.-](id|value|key|default|prod|stg|dev)?$)"
)
_HARMLESS = re.compile(
    r"(?i)example|placeholder|change_?me|dummy|your[_-]|xxx|<|>|\*\*\*|\$\{|\$\(|\{\{|%\(|^\$|"
    r"^(https?|file)://[^@]*$|^(~|\.{1,2})?/[a-z]|^(true|false|none|null)$|test|"
    r"sample|redacted|_file$|1234567|abcdef"
)
_CREDENTIAL_URL = re.compile(
    rb"[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>{}$]{1,64}:([^\s/:@\"'<>{}$]{4,128})@[\w-]"
)
_AUTHORIZATION = re.compile(
    rb"(?i)authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+([A-Za-z0-9+/=._-]{16,2000})"
)
_ENTROPY = 3.0  # bits a character: words and paths lie below, random keys of ten letters above
_MOST = 20  # findings a text


def find_secrets(content: bytes) -> list[Secret]:
    """Keys and tokens of known form in a text, at most 20, in the order of their lines."""
    found = {(one.rule, one.line, one.shown): one for one in _known_forms(content)}
    return sorted(found.values(), key=lambda one: one.line)[:_MOST]


def find_assigned(content: bytes, code: bool) -> list[Secret]:
    """`PASSWORD=...` and the like where the value looks random; in `code` only quoted values."""
    found = []
    for match in (_QUOTED if code else _BARE).finditer(content):
        name, value = match[1].decode("ascii"), match[3].decode("utf-8", "replace")
        if is_secret(name, value):
            found.append(Secret("assigned-secret", masked(value), _line(content, match.start(3))))
        if len(found) == _MOST:
            break
    return found


def find_in_environment(variables: Mapping[str, str]) -> list[tuple[str, Secret]]:
    """Variables that hold a secret, by the form of the value or by name and randomness."""
    found = []
    for name, value in variables.items():
        secrets = find_secrets(value.encode())
        if not secrets and is_secret(name, value):
            secrets = [Secret("assigned-secret", masked(value), 1)]
        found += [(name, secret) for secret in secrets[:1]]
    return found


def is_secret(name: str, value: str) -> bool:
    """Whether `name = value` is more likely a secret than a setting."""
    if _TELLING.search(name) is None or len(value) < 8 or _HARMLESS.search(value):
        return False
    return entropy(value) >= _ENTROPY and _mixed(value)


def entropy(text: str) -> float:
    """Bits a character of `text`'s own distribution of characters (Shannon 1948)."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def masked(secret: str) -> str:
    """What may be shown of a secret: four letters and the length."""
    return f"{secret[:4]}... ({len(secret)} characters)"


def _mixed(value: str) -> bool:
    """Letters and digits, or a sign that names do not have: not a word, not a number."""
    letters = any(c.isalpha() for c in value)
    digits = any(c.isdigit() for c in value)
    signs = any(c in "!@#$%^&*+=/~?" for c in value)
    return letters and (digits or signs)


def _known_forms(content: bytes) -> Iterator[Secret]:
    for form in _FORMS:
        if any(literal in content for literal in form.literals):
            for match in form.pattern.finditer(content):
                text = match[0].decode("ascii", "replace")
                if _HARMLESS.search(text) is None and entropy(text) > _ENTROPY:
                    yield Secret(form.rule, masked(text), _line(content, match.start()))
    if b"PRIVATE KEY" in content:
        for match in _PEM.finditer(content):
            if entropy(match[1].decode("ascii")) > _ENTROPY:
                yield Secret("private-key", "a PEM block", _line(content, match.start()))
    if b"://" in content:
        yield from _values(content, _CREDENTIAL_URL, "password-in-url", 2.5)
    if b"uthorization" in content:
        yield from _values(content, _AUTHORIZATION, "authorization-header", _ENTROPY)


def _values(
    content: bytes, pattern: re.Pattern[bytes], rule: str, least: float
) -> Iterator[Secret]:
    for match in pattern.finditer(content):
        text = match[1].decode("utf-8", "replace")
        if _HARMLESS.search(text) is None and entropy(text) >= least and _mixed(text):
            yield Secret(rule, masked(text), _line(content, match.start()))


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1
