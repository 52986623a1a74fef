"""What a stop is evidence of, on made-up stops."""

from __future__ import annotations

from typing import Any

import pytest

from harness.lifecycle import Drain, gracefully, noticed, restarted
from harness.lifecycle.fates import Fate, Kind
from harness.lifecycle.notice import Given
from harness.model import Evidence, Exit, Finding, Measurement, Severity, Startup
from harness.runtime import FirstProcess

KILLED = Exit(code=None, seconds=4.0, killed=True)


def drain(**changed: Any) -> Drain:
    """A stop of which nothing bad can be said, but for what is given."""
    told: dict[str, Any] = {
        "exit": Exit(code=0, seconds=0.5),
        "grace": "4 s",
        "held": 2,
        "lost": (),
        "fates": (Fate(-0.1, 0.1, "answered"), Fate(0.1, 0.2, "refused")),
        "closed": 0.05,
        "first": None,
        "notice": None,
        "rate": 50.0,
    }
    return Drain(**{**told, **changed})


def values(seen: list[Any]) -> dict[str, float]:
    """Measurements by name."""
    return {item.name: item.value for item in seen if isinstance(item, Measurement)}


def findings(seen: list[Any]) -> list[Finding]:
    """The findings among what was seen."""
    return [item for item in seen if isinstance(item, Finding)]


def test_every_request_is_counted_once_and_drawn() -> None:
    kinds: tuple[Kind, ...] = (
        *("answered", "refused", "stale", "reset", "interrupted", "lost", "failed"),
    )
    seen = gracefully(drain(fates=tuple(Fate(-0.1, 0.1, kind) for kind in kinds)))
    counted = values(seen)
    assert [counted[name] for name in kinds if name != "lost"] == [1] * 6
    assert (counted["in_flight"], counted["lost_in_flight"]) == (9, 1)
    (picture,) = [item for item in seen if isinstance(item, Evidence)]
    assert (picture.kind, len(picture.data["items"])) == ("strip", 7)


def test_a_good_stop_has_no_finding() -> None:
    assert findings(gracefully(drain())) == []


def test_a_held_request_without_an_answer_fails_and_says_why() -> None:
    (found,) = findings(gracefully(drain(lost=("ConnectionResetError: reset",))))
    assert (found.rule, found.severity) == ("lost-in-flight", Severity.ERROR)
    assert "1 of 2 requests" in found.message and "ConnectionResetError" in found.message


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("lost", Severity.ERROR),
        ("interrupted", Severity.WARNING),
        ("reset", Severity.WARNING),
        ("failed", Severity.WARNING),
    ],
)
def test_only_what_the_server_surely_had_fails(kind: Kind, severity: Severity) -> None:
    (found,) = findings(gracefully(drain(fates=(Fate(-0.2, 0.1, kind),))))
    assert found.severity is severity


def test_on_a_machine_that_was_held_up_a_loss_of_the_traffic_is_a_doubt() -> None:
    lost = (Fate(-0.2, 0.1, "lost"),)
    (found,) = findings(gracefully(drain(fates=lost, excuses=("steal was 30 %",))))
    assert found.severity is Severity.DOUBT
    assert "steal was 30 %" in found.message


@pytest.mark.parametrize("kind", ["answered", "refused", "stale"])
def test_who_can_go_elsewhere_is_no_finding(kind: Kind) -> None:
    assert findings(gracefully(drain(fates=(Fate(0.2, 0.3, kind),)))) == []


def test_where_nothing_was_held_the_stop_is_in_doubt() -> None:
    (found,) = findings(gracefully(drain(held=0)))
    assert (found.rule, found.severity) == ("nothing-in-flight", Severity.DOUBT)


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (
            FirstProcess("sh -c gunicorn app", ("/opt/bin/gunicorn app",), 7, hears=False),
            "a shell as the first process, `sh -c gunicorn app`, keeps the signal from "
            "`/opt/bin/gunicorn app`",
        ),
        (
            FirstProcess("/bin/bash /start.sh"),
            "a shell as the first process, `/bin/bash /start.sh`",
        ),
        (
            FirstProcess("bash /trap.sh", (), 7, hears=True),
            "`bash /trap.sh`, was told and did not end",
        ),
        (FirstProcess("python app.py", (), 7, hears=False), "`python app.py`, has no handler"),
        (FirstProcess("python app.py"), "a shell as the first process does not pass SIGTERM on"),
        (None, "a shell as the first process does not pass SIGTERM on"),
    ],
    ids=["shell", "shell-unseen", "shell-with-trap", "deaf", "unseen", "nothing"],
)
def test_a_kill_names_the_first_process_as_far_as_it_is_known(
    first: FirstProcess | None, says: str
) -> None:
    (found,) = findings(gracefully(drain(exit=KILLED, first=first)))
    assert found.rule == "killed"
    assert says in found.message


@pytest.mark.parametrize(
    ("code", "rules"), [(0, []), (143, []), (1, ["exit-code"]), (137, ["exit-code"])]
)
def test_the_good_exit_codes_are_0_and_143(code: int, rules: list[str]) -> None:
    seen = gracefully(drain(exit=Exit(code=code, seconds=0.1)))
    assert [found.rule for found in findings(seen)] == rules


def test_death_for_memory_is_named() -> None:
    (found,) = findings(gracefully(drain(exit=Exit(code=137, seconds=0.1, oom_killed=True))))
    assert found.rule == "out-of-memory"


def test_notice_that_was_given_is_measured() -> None:
    assert noticed(drain(notice=Given(0.5, 3.0))) == [Measurement("notice", 2.5, "s", n=1)]


def test_no_notice_is_a_warning_and_no_more() -> None:
    seen = noticed(drain(notice=Given(None, 0.025)))
    assert values(seen) == {"notice": 0.0}
    (found,) = findings(seen)
    assert (found.rule, found.severity) == ("no-notice", Severity.WARNING)
    assert "said ready for 25 ms" in found.message


def test_where_readiness_was_not_asked_there_is_no_notice() -> None:
    with pytest.raises(ValueError, match="not asked"):
        noticed(drain(notice=None))


def test_a_second_start_is_timed_and_one_that_fails_is_found_with_its_log() -> None:
    assert restarted(Startup(True, 1.5)) == [Measurement("restart_time", 1.5, "s", n=1)]
    seen = restarted(Startup(False, 0.2, reason="ended with exit code 1", logs="pid file exists\n"))
    (found,) = findings(seen)
    assert found.rule == "does-not-start-again" and "exit code 1" in found.message
    assert [item.data for item in seen if isinstance(item, Evidence)] == [
        {"text": "pid file exists\n"}
    ]
