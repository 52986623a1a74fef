"""A request as a line that a person can paste into a shell, also where its body is binary."""

from __future__ import annotations

import base64
import gzip
import hashlib
import shlex

from harness.contract.wire.transport import ACCEPTED, Prepared

_PLAIN = 2000  # characters of a body that stays readable
_LONGEST = 60_000  # characters of a packed one: a report has room for as many
# Finds a body in the requests of a gate, which `gate freeze` writes to corpus.jsonl.
_FROM_CORPUS = (
    "import base64,hashlib,json,sys,zlib; "
    "rows=map(json.loads,list(open('corpus.jsonl'))[1:]); "
    "raw=((base64.b64decode(r['body']),r.get('deflated')) for r in rows); "
    "found=[b for b in (zlib.decompress(x) if z else x for x,z in raw) "
    "if hashlib.sha256(b).hexdigest()=='%s']; "
    "sys.stdout.buffer.write(found[0]) if found else "
    "sys.exit('not in corpus.jsonl: write it with gate freeze')"
)


def curl(prepared: Prepared, base_url: str) -> str:
    """The command that sends `prepared` to `base_url`, byte for byte."""
    words, source = _words(prepared, base_url)
    return f"{source} | curl {shlex.join(words)}" if source else f"curl {shlex.join(words)}"


def curl_on_one_connection(first: Prepared, second: Prepared, base_url: str) -> str:
    """The command that sends one after the other over the same connection, where it stays open."""
    before, source = _words(first, base_url)
    after, other = _words(second, base_url)
    if other:  # there is only one standard input
        return f"{curl(first, base_url)}; {curl(second, base_url)}  # over one connection"
    line = f"curl {shlex.join([*before, '--next', *after])}"
    return f"{source} | {line}" if source else line


def _words(prepared: Prepared, base_url: str) -> tuple[list[str], str]:
    """The arguments of curl, and the command that writes the body, where they do not hold it."""
    words = ["-sS", "-i"]
    words += ["-I"] if prepared.method == "HEAD" else ["-X", prepared.method]
    for name, value in _headers(prepared).items():
        words += ["-H", f"{name}: {value}" if value else f"{name}:"]
    url = base_url.rstrip("/") + prepared.path
    if not prepared.body:
        empty = ["--data-binary", ""] if prepared.method in ("POST", "PUT", "PATCH") else []
        return [*words, *empty, url], ""
    text = _text(prepared.body)
    if text is not None:
        return [*words, "--data-binary", text, url], ""
    return [*words, "--data-binary", "@-", url], _source(prepared.body)


def _headers(prepared: Prepared) -> dict[str, str]:
    given = {name.lower() for name in prepared.headers}
    headers = {} if "accept" in given else {"Accept": ACCEPTED}
    headers |= prepared.headers
    if prepared.chunked:
        headers["Transfer-Encoding"] = "chunked"
    if prepared.body and "content-type" not in given:
        headers["Content-Type"] = ""  # else curl adds one of its own
    return headers


def _text(body: bytes) -> str | None:
    """The body as one printable argument, or None."""
    if len(body) > _PLAIN or body.startswith(b"@"):
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _source(body: bytes) -> str:
    """A command that writes the body: from the line itself, or from what `gate freeze` wrote."""
    if len(body) <= _PLAIN:
        return f"printf %s {base64.b64encode(body).decode()} | base64 -d"
    packed = base64.b64encode(gzip.compress(body, mtime=0)).decode()
    if len(packed) <= _LONGEST:
        return f"printf %s {packed} | base64 -d | gunzip"
    program = _FROM_CORPUS % hashlib.sha256(body).hexdigest()
    return shlex.join(["python3", "-c", program])
