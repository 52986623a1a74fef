"""`gate serve`: the application on a socket, in one process or in several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from harness.errors import GateError
from harness.ledger import Ledger, open_ledger
from harness.server.app import create_app
from harness.server.bounded import BoundedProtocol
from harness.server.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

_VARIABLE = "RELEASEGATE_SETTINGS"  # how a further process learns what it serves
_GRACE_S = 10  # for requests that are under way when the service ends


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises GateError where the ledger or the port is not ours."""
    ledger = open_ledger(settings.ledger)
    try:
        app = create_app(settings, ledger)
        with _listening(settings.host, settings.port) as listener, _ends_quietly():
            _announce(settings, ledger)
            if settings.workers == 1:
                uvicorn.Server(configured(app)).run([listener])
            else:
                os.environ[_VARIABLE] = settings.model_dump_json()
                config = configured(f"{__name__}:application", settings.workers)
                Multiprocess(config, [listener]).run()
    finally:
        ledger.close()


def application() -> FastAPI:
    """The application of a further process, whose end closes its ledger."""
    threading.Thread(target=_end_with_the_first, name="end", daemon=True).start()
    settings = Settings.model_validate_json(os.environ[_VARIABLE])
    return create_app(settings, open_ledger(settings.ledger))


def _end_with_the_first() -> None:
    """After kill -9 of the first process nobody else would end this one, which has its port."""
    first = multiprocessing.parent_process()
    if first is not None:
        first.join()
        os.kill(os.getpid(), signal.SIGTERM)


def configured(app: FastAPI | str, workers: int = 1, **other: Any) -> uvicorn.Config:
    """How Uvicorn serves the application, or what makes it in each of its processes."""
    return uvicorn.Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        log_level="error",  # whoever sends rubbish shall not fill the log
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_S,
        **other,
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as problem:
        raise GateError(
            f"cannot listen on {host}:{port}: {problem.strerror}; `--port` names another"
        ) from None
    with listener:
        yield listener


@contextmanager
def _ends_quietly() -> Iterator[None]:
    """Uvicorn raises anew the signal that ended it: for a service that is the ordinary end."""
    kept = {each: signal.signal(each, _nothing) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)


def _nothing(number: int, frame: object) -> None:
    """Outlives the signal."""


def _announce(settings: Settings, ledger: Ledger) -> None:
    reads = "reading is open" if settings.read == "open" else "reading needs a token"
    address = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"serving http://{address}:{settings.port} from {ledger.name}; {reads}", flush=True)
    if not ledger.tokens():
        print("there is no token yet: `gate token create NAME --scope publish`", flush=True)
