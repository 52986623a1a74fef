"""A request written to a socket, while an eye is kept on the answer: a server need not read all.

A body that nobody reads ends in a reset, which may come before the answer was looked at (RFC 9112
section 9.6). Who sends `Expect: 100-continue` writes nothing that is not wanted.
"""

from __future__ import annotations

import select
import ssl

from harness.contract.wire import http1

_PIECE = 64 * 1024  # bytes that are written between two looks
_PATIENCE = 1.0  # seconds to wait for 100 Continue, as curl does: a server may not know of it


def transmit(stream: http1.Stream, raw: bytes) -> str:
    """Write it all; why that was not possible, or "". An answer may be there all the same."""
    left = memoryview(raw)
    try:
        while left:
            if len(left) > _PIECE and _is_answered(stream):
                return "the answer came before the request was read"
            stream.sock.settimeout(stream.remaining())
            left = left[stream.sock.send(left[:_PIECE]) :]
    except TimeoutError:
        return "the request was not read in time"
    except OSError as problem:
        return f"the request was not read: {reason(problem)}"
    except http1.TooSlow:
        return "no time left to send the request"
    return ""


def _is_answered(stream: http1.Stream) -> bool:
    """Whether the server has stopped reading, and something came from it.

    Under TLS something comes that is no answer: there a full pipe is waited for.
    """
    if isinstance(stream.sock, ssl.SSLSocket):
        return False
    sock = [stream.sock]
    readable, writable, _ = select.select(sock, sock, [], stream.remaining())
    return bool(readable) and not writable


def before_body(stream: http1.Stream) -> http1.Head | None:
    """What comes after a head with `Expect: 100-continue`: None is nothing for a second.

    The body may follow after that and after an interim answer, not after a final one. Raises
    WireError.
    """
    wait = min(_PATIENCE, stream.remaining())
    there = select.select([stream.sock], [], [], wait)[0]
    return http1.next_head(stream) if there else None


def reason(problem: Exception) -> str:
    """A network trouble in a few words."""
    if isinstance(problem, TimeoutError):
        return "the time is up"
    return getattr(problem, "strerror", None) or str(problem)
