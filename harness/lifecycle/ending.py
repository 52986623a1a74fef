"""What a stop is evidence of: losses, resets, how it ended and why, what callers were told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from harness.lifecycle.fates import Kind, count, strip
from harness.model import Evidence, Exit, Finding, Measurement, Observation, Severity, Startup

if TYPE_CHECKING:
    from harness.lifecycle.drain import Drain
    from harness.runtime import FirstProcess

_GOOD_CODES = (0, 143)  # ended by itself; 128 + SIGTERM
_EXEC_FORM = 'CMD in its exec form, ["gunicorn", ...], or `exec` in the start script'


def gracefully(drain: Drain) -> list[Observation]:
    """What became of the requests, and how the candidate ended.

    Lost are held requests that were not answered, and those of the traffic that were sent well
    before the signal on a connection that the candidate had already answered on.
    """
    kinds = count(drain.fates)
    begun = drain.held + sum(fate.in_flight for fate in drain.fates)
    lost = len(drain.lost) + kinds["lost"]
    return [
        Measurement("in_flight", begun),
        Measurement("lost_in_flight", lost, n=begun),
        Measurement("answered", kinds["answered"], n=len(drain.fates)),
        *(
            Measurement(name, kinds[name])
            for name in ("refused", "stale", "reset", "interrupted", "failed")
        ),
        Measurement("exit_time", drain.exit.seconds, "s", n=1),
        *_losses(drain, kinds),
        *_around(drain, kinds),
        *_end(drain),
        strip(drain.fates, drain.closed, drain.exit.seconds),
    ]


def noticed(drain: Drain) -> list[Observation]:
    """How long the ready path said that it is not ready before nobody answered any more."""
    given = drain.notice
    if given is None:
        raise ValueError("the ready path was not asked, or did not say ready before the signal")
    seen: list[Observation] = [Measurement("notice", given.seconds, "s", n=1)]
    if given.unready_at is not None:
        return seen
    until = "until the end" if given.closed_at is None else f"for {given.closed_at * 1e3:.0f} ms"
    return [
        *seen,
        Finding(
            "no-notice",
            f"after SIGTERM the ready path said ready {until}, and then nobody answered",
            severity=Severity.WARNING,
            expected="answer 503 on the ready path for some seconds while requests are still taken",
            received="ready, then no connection",
        ),
    ]


def restarted(startup: Startup) -> list[Observation]:
    """Whether the candidate came up again after it was stopped, with the files it left behind."""
    seen: list[Observation] = [Measurement("restart_time", startup.seconds, "s", n=1)]
    if startup.ready:
        return seen
    return [
        *seen,
        Finding(
            "does-not-start-again",
            f"started once more after its stop, it does not become ready: {startup.reason}",
            expected=f"the same as at the first start; {startup.hint}".rstrip("; "),
            received=startup.reason,
        ),
        Evidence("text", "Log of the second start", {"text": startup.logs}),
    ]


def _losses(drain: Drain, kinds: Counter[Kind]) -> list[Finding]:
    found = []
    excuses = drain.excuses  # on a machine that is held up, a candidate may not have read them yet
    if not drain.held:
        found.append(
            Finding(
                "nothing-in-flight",
                "no request could be held in flight: it answers before the body is complete",
                severity=Severity.DOUBT,
            )
        )
    if drain.lost:
        found.append(
            Finding(
                "lost-in-flight",
                f"{len(drain.lost)} of {drain.held} requests in flight at SIGTERM were lost: "
                f"{drain.lost[0]}",
                expected="finish what was begun, then end",
                received=drain.lost[0],
            )
        )
    if kinds["lost"]:
        found.append(
            Finding(
                "lost-in-flight",
                f"{kinds['lost']} requests of the traffic, sent before SIGTERM on connections that "
                "it had answered on before, got no answer" + "".join(f"; {e}" for e in excuses),
                severity=Severity.DOUBT if excuses else Severity.ERROR,
                expected="finish what was begun, then end",
            )
        )
    return found


def _around(drain: Drain, kinds: Counter[Kind]) -> list[Finding]:
    """What whoever asked around the signal met. Losses there are for a load balancer to avoid."""
    told: list[tuple[Kind, str, str]] = [
        (
            "interrupted",
            "requests that were under way when SIGTERM came got no answer; they may have waited in"
            " the listening queue",
            "take no new connection, and answer those that were made",
        ),
        (
            "reset",
            "requests sent after SIGTERM were neither answered nor refused: their connections were"
            " made, and then dropped",
            "answer on every connection that was made, or refuse it with 503",
        ),
        (
            "failed",
            "requests around SIGTERM were answered wrongly",
            "the right answer, or 503",
        ),
    ]
    return [
        Finding(
            kind,
            f"{kinds[kind]} {text} ({drain.rate:g} /s were sent)",
            severity=Severity.WARNING,
            expected=expected,
        )
        for kind, text, expected in told
        if kinds[kind]
    ]


def _end(drain: Drain) -> list[Finding]:
    ended = drain.exit
    if ended.killed:
        return [_killed(drain.first, drain.grace)]
    if ended.oom_killed:
        return [Finding("out-of-memory", "it was killed for memory while it was ending")]
    return [] if ended.code in _GOOD_CODES else [_bad_code(ended)]


def _bad_code(ended: Exit) -> Finding:
    return Finding(
        "exit-code",
        f"it ended with exit code {ended.code} on SIGTERM",
        expected="0, or 143",
        received=str(ended.code),
    )


def _killed(first: FirstProcess | None, grace: str) -> Finding:
    """Not ended in time, and why, as far as its first process tells."""
    what = f"it did not end within {grace} of SIGTERM and was killed"
    if first is None or (first.hears is None and not first.is_shell):
        cause = "a shell as the first process does not pass SIGTERM on"
        return Finding("killed", f"{what}; {cause}", expected=_EXEC_FORM, received="SIGKILL")
    said = _short(first.command)
    if first.is_shell and not first.hears:
        kept = f" from `{_short(first.others[0])}`" if first.others else ""
        cause = f"a shell as the first process, `{said}`, keeps the signal{kept}"
        return Finding("killed", f"{what}: {cause}", expected=_EXEC_FORM, received="SIGKILL")
    if first.hears:
        cause = (
            f"its first process, `{said}`, was told and did not end; it may wait for callers to "
            "close idle connections"
        )
        expected = "close idle connections, answer what is in flight, then end"
    else:
        cause = f"its first process, `{said}`, has no handler for SIGTERM or ignores it"
        expected = "a handler for SIGTERM in the first process, or an init like tini before it"
    return Finding("killed", f"{what}: {cause}", expected=expected, received="SIGKILL")


def _short(command: str) -> str:
    return command if len(command) <= 120 else command[:117] + "..."
