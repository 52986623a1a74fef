"""The commands around a service, and their arguments. Nothing heavy is imported at once."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from harness.errors import GateError
from harness.model import Verdict
from harness.verdict import EXIT_CODES

if TYPE_CHECKING:
    from harness.server.settings import Settings

LEDGER = "RELEASEGATE_LEDGER"
_CODES = "exit codes: 0 {done}, 2 wrong usage or configuration, 3 error"


def add_serve(serve: argparse.ArgumentParser) -> None:
    """The arguments of `gate serve`."""
    serve.epilog = _CODES.format(done="ended by SIGTERM or Ctrl-C")
    serve.add_argument(
        "settings", metavar="server.toml", nargs="?", help="by default ./server.toml, if there"
    )
    add_ledger(serve)
    serve.add_argument("--host", metavar="ADDRESS", help="listen there; by default 127.0.0.1")
    serve.add_argument("--port", metavar="N", type=int, help="by default 8080")
    serve.add_argument("--workers", metavar="N", type=int, help="processes; by default 1")


def add_token(token: argparse.ArgumentParser) -> None:
    """The arguments of `gate token`."""
    actions = token.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make one; its secret is shown once")
    create.add_argument("name", metavar="NAME", help="who or what will use it")
    create.add_argument(
        "--scope",
        metavar="SCOPE",
        action="append",
        required=True,
        help="read, publish, announce, promote, admin; more than one as often",
    )
    create.add_argument("--expires", metavar="TIME", help="from now, like 90d; by default never")
    shown = actions.add_parser("list", help="all that were ever made")
    revoke = actions.add_parser("revoke", help="nobody may use it any more")
    revoke.add_argument("id", metavar="ID", help="as `gate token list` shows it")
    for action in (create, shown, revoke):
        action.epilog = _CODES.format(done="done")
        add_ledger(action)


def add_publish(publish: argparse.ArgumentParser) -> None:
    """The arguments of `gate publish`."""
    publish.epilog = _CODES.format(done="the service has it")
    publish.add_argument(
        "report", metavar="REPORT", help="report.json, or the folder that holds it"
    )
    publish.add_argument("--to", metavar="URL", help="by default RELEASEGATE_SERVER")
    publish.add_argument(
        "--token-file", metavar="FILE", help="by default the token is in RELEASEGATE_TOKEN"
    )
    publish.add_argument(
        "--envelope", action="store_true", help="REPORT is report.intoto.json, as `gate sign` wrote"
    )


def serve(arguments: argparse.Namespace) -> int:
    """`gate serve`: the ledger over HTTP."""
    from harness.server.settings import load_settings

    given = {name: getattr(arguments, name) for name in ("host", "port", "workers")}
    settings = load_settings(arguments.settings, given | _ledger(arguments))
    try:
        from harness.server.serving import serve as begin
    except ModuleNotFoundError as missing:
        raise GateError(
            f"the service needs {missing.name}, which is not installed: "
            "pip install 'releasegate[server]'"
        ) from None
    begin(settings)
    return EXIT_CODES[Verdict.PASS]


def token(arguments: argparse.Namespace) -> int:
    """`gate token`: who may use a service."""
    from harness.ledger import open_ledger
    from harness.server import tokens

    ledger = open_ledger(settings_of(arguments).ledger)
    try:
        if arguments.action == "create":
            tokens.create(ledger, arguments.name, arguments.scope, arguments.expires)
        elif arguments.action == "revoke":
            tokens.revoke(ledger, arguments.id)
        else:
            tokens.show(ledger)
    finally:
        ledger.close()
    return EXIT_CODES[Verdict.PASS]


def publish(arguments: argparse.Namespace) -> int:
    """`gate publish`: a report into the ledger of a service."""
    from harness.publishing import publish as send

    send(arguments.report, arguments.to, arguments.token_file, envelope=arguments.envelope)
    return EXIT_CODES[Verdict.PASS]


def add_ledger(command: argparse.ArgumentParser) -> None:
    """The argument `--ledger`, which `settings_of` understands."""
    command.add_argument(
        "--ledger",
        metavar="URL",
        help=f"a file or postgresql://...; by default {LEDGER}, else what server.toml says",
    )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """server.toml, and the ledger: the same one for every command of a folder."""
    from harness.server.settings import load_settings

    return load_settings(None, _ledger(arguments))


def _ledger(arguments: argparse.Namespace) -> dict[str, str]:
    given = arguments.ledger or os.environ.get(LEDGER)
    return {"ledger": given} if given else {}
