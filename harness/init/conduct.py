"""The course of `gate init`: start, recognise, draft, try, write; each step says what it found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness import contract as room
from harness.contract import Contract
from harness.contract.protocol.presets import Preset, preset
from harness.errors import ConfigError
from harness.init import plain, tensors
from harness.init.ask import Asking
from harness.init.draft import DOCUMENT, EXAMPLES, GATE, REQUEST, RESPONSE, Draft, write
from harness.init.recognise import Asked, Guess, dialect, guesses, starting
from harness.init.start import WITHIN, Service, service
from harness.model import Finding, Severity

_PAUSE = 0.5  # seconds between two looks at a service that says "not ready yet"
_PLAIN = 1.0  # a protocol that no answer speaks for more than this is plain JSON
_READY = ("/health", "/healthz", "/ready", "/readyz", "/livez", "/ping")
_BY_SCHEMA = ("object", "array")
_PASSED, _FAILED = 0, 1
_INSTRUMENTS = (
    ("contract.examples", room.examples),
    ("contract.response", room.responses),
    ("contract.json", room.strict_json),
    ("contract.not_found", room.not_found),
    ("contract.method", room.wrong_method),
    ("contract.invalid_requests", room.invalid_requests),
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for."""

    target: str  # an image reference, or a URL
    into: Path
    examples: tuple[Any, ...] = ()
    protocol: str | None = None
    port: int | None = None
    name: str | None = None
    model: str | None = None
    path: str | None = None


def initialise(wish: Wish, say: Say = print) -> int:
    """Write a gate for a running service. Returns 0, or 1 where it does not pass all of it.

    Raises ConfigError where a file is there already (nothing is started then), or where more has
    to be said; EngineError; CandidateNotReady where the service never answers.
    """
    _refuse_overwriting(wish.into)
    if wish.protocol is not None:
        preset(wish.protocol)  # a typing error is told before anything starts
    with service(wish.target, wish.port, wish.name) as running:
        say(f"{wish.target}: {running.started}")
        draft = _drafted(wish, running, say)
        for line in draft.told:
            say(line)
        failed = list(_tried(draft, running.base_url))
    try:
        write(wish.into, draft.all_files())
    except FileExistsError as problem:
        raise ConfigError(f"{problem.filename} was written meanwhile, and is left alone") from None
    except OSError as problem:
        raise ConfigError(f"--into {wish.into}: {problem}") from None
    for name in draft.all_files():
        say(f"wrote {wish.into / name}")
    for line in failed:
        say(line)
    say(f"next: gate run {wish.into / GATE}")
    return _FAILED if failed else _PASSED


def _refuse_overwriting(into: Path) -> None:
    there = [name for name in (GATE, EXAMPLES, REQUEST, RESPONSE, DOCUMENT) if _exists(into / name)]
    if there:
        raise ConfigError(
            f"{into / there[0]} is there already, and nothing is overwritten: give --into "
            "another folder"
        )


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _drafted(wish: Wish, running: Service, say: Say) -> Draft:
    server, asking = _settled(running), Asking(running.base_url)
    models = (wish.model,) if wish.model else running.models
    guess = _protocol(wish, server, models, say)
    chosen, model, where = guess.preset, guess.model, wish.path or guess.path or None
    draft = Draft(dict(running.candidate))
    if chosen.name in ("json", "openapi") and not wish.path:
        found = plain.described(draft, server) if wish.protocol != "json" else None
        if found is not None:
            return _with_ready(found, server)
    if chosen.name in ("json", "openapi"):
        draft = draft.having(protocol="json")
        path = wish.path or plain.path_of(server, asking, _first(wish, chosen))
        return plain.inferred(_with_ready(draft, server), asking, path, _some(wish, chosen))
    spoken = dialect(server, chosen.name)
    draft = draft.having(
        protocol=chosen.name,
        dialect=spoken,
        model=None if model == running.candidate["name"] else model,
        path=where,
    )
    if chosen.form in _BY_SCHEMA:
        return _by_schema(wish, draft, asking, chosen, where or chosen.predict_path(model))
    return tensors.drafted(draft, asking, wish.examples)


def _by_schema(wish: Wish, draft: Draft, asking: Asking, chosen: Preset, path: str) -> Draft:
    """A protocol whose requests are whatever the service makes of JSON."""
    if not wish.examples and chosen.metadata:
        return tensors.described(draft, asking)
    return plain.inferred(draft, asking, path, _some(wish, chosen))


def _settled(running: Service) -> Asked:
    """The service, once no protocol's ready path says "not yet" any more."""
    ends = time.monotonic() + WITHIN
    while True:
        server = Asked(running.base_url)
        if not starting(server, running.models) or time.monotonic() > ends:
            return server
        time.sleep(_PAUSE)


def _protocol(wish: Wish, server: Asked, models: Sequence[str], say: Say) -> Guess:
    if wish.protocol is not None:
        found = [g for g in guesses(server, models) if g.preset.name == wish.protocol]
        say(f"protocol: {wish.protocol}, as asked for")
        return found[0] if found else Guess(preset(wish.protocol), models[0], 0.0, ())
    weighed = [_weighed(guess, wish.examples) for guess in guesses(server, models)]
    best = sorted((g for g in weighed if g.score >= _PLAIN), key=lambda guess: -guess.score)
    if not best:
        say("protocol: plain JSON: no path of another protocol answers as it says")
        return Guess(preset("json"), models[0], 0.0, ())
    level = [guess for guess in best if guess.score > best[0].score - 0.01]
    if len(level) > 1:
        names = ", ".join(guess.preset.name for guess in level)
        raise ConfigError(f"the paths fit several protocols: {names}; give --protocol")
    first = best[0]
    also = ", ".join(f"{guess.preset.name} {guess.score:.1f}" for guess in best[1:3])
    say(
        f"protocol: {first.preset.name} (score {first.score:.1f}"
        f"{f'; {also}' if also else ''}): {', '.join(first.seen)} answer as it says"
    )
    return first


def _weighed(guess: Guess, examples: Sequence[Any]) -> Guess:
    """With what the examples say: a protocol whose form they have, or that they cannot be of."""
    from harness.contract.forms import FORMS

    form = FORMS[guess.preset.form](guess.preset, (), ())
    if any(form.malformed(example) for example in examples):
        return replace(guess, score=0.0)
    has_form = bool(examples) and guess.preset.form not in _BY_SCHEMA
    return replace(guess, score=guess.score + has_form)


def _with_ready(draft: Draft, server: Asked) -> Draft:
    """A plain service's own ready path, where it is one that many have."""
    path = next((path for path in _READY if server.get(path).status == 200), None)
    if path is None:
        return draft.having("ready path: none found; set candidate.ready.path where there is one")
    ready = {**draft.candidate, "ready": {"path": path}}
    return replace(draft, candidate=ready).having(f"ready path: {path}")


def _some(wish: Wish, chosen: Preset) -> Sequence[Any]:
    if not wish.examples:
        raise ConfigError(
            f"nothing says what a request of this service is (protocol {chosen.name!r}, no "
            "document of its own): give --example with one, as JSON or as the name of a file"
        )
    return wish.examples


def _first(wish: Wish, chosen: Preset) -> Any:
    return _some(wish, chosen)[0]


def _tried(draft: Draft, base_url: str) -> Iterator[str]:
    """What the contract checks find wrong, one line each."""
    with draft.opened(base_url) as contract:
        for name, instrument in _INSTRUMENTS:
            for finding in _findings(contract, base_url, name, instrument):
                yield f"does not pass {name}: {finding.rule}: {finding.message}"


def _findings(
    contract: Contract, base_url: str, name: str, instrument: Callable[[Contract, str], room.Seen]
) -> list[Finding]:
    if name == "contract.examples" and not contract.examples:
        return []
    seen = instrument(contract, base_url)
    return [item for item in seen.findings if item.severity is Severity.ERROR]
