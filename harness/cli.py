"""The command `gate`: it reads arguments, calls one function, and returns an exit code.

Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from harness import __version__, services
from harness.errors import ConfigError, GateError, ReportError
from harness.guard import speak_to_nobody
from harness.verdict import EXIT_USAGE

_EPILOG = "exit codes: 0 pass, 1 fail, 2 wrong usage or configuration, 3 error, 4 inconclusive"
_ERROR = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; argparse itself exits with 2 on wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what it cannot show is no reason to end
            stream.reconfigure(errors="replace")
    root = parser()
    arguments = root.parse_args(argv)
    if arguments.command is None:
        root.print_help(sys.stderr)
        return EXIT_USAGE
    try:
        from harness import commands

        code: int = getattr(commands, arguments.command.replace("-", "_"))(arguments)
        return code
    except ConfigError as problem:
        return _complain(problem, EXIT_USAGE)
    except ReportError as problem:
        return _complain(problem, EXIT_USAGE)
    except GateError as problem:
        return _complain(problem, _ERROR)
    except KeyboardInterrupt:
        print("gate: interrupted", file=sys.stderr)
        return _ERROR
    except BrokenPipeError:
        speak_to_nobody()
        return _ERROR


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = argparse.ArgumentParser(
        prog="gate",
        description="Release verification for machine-learning model containers.",
        epilog=_EPILOG,
    )
    root.add_argument("--version", action="version", version=f"releasegate {__version__}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    _add_run(commands.add_parser("run", help="test a candidate and open or close the gate"))
    _add_record(commands.add_parser("record", help="keep the answers of an accepted release"))
    _add_freeze(commands.add_parser("freeze", help="keep the requests of a gate, found ones too"))
    _add_init(commands.add_parser("init", help="write a gate for a service that runs"))
    _add_accuracy(commands.add_parser("accuracy", help="compare two models on many machines"))
    _add_load(commands.add_parser("load", help="put load on a service from many machines"))
    judge = commands.add_parser("judge", help="judge a recorded report under another policy")
    judge.add_argument("report", metavar="REPORT", help="report.json, or the folder that holds it")
    judge.add_argument(
        "gate", metavar="gate.toml", nargs="?", default="gate.toml", help="where the policy stands"
    )
    judge.add_argument("--policy", metavar="NAME", help="policy of the file")
    judge.add_argument("--report", dest="folder", metavar="DIR", help="write the new report here")
    show = commands.add_parser("show", help="show a report in the terminal")
    show.add_argument("report", metavar="REPORT", help="report.json, or the folder that holds it")
    _add_compare(commands.add_parser("compare", help="show two reports side by side"))
    _add_sign(commands.add_parser("sign", help="sign a report, as statements about its image"))
    _add_verify(commands.add_parser("verify", help="hold a signed report to what is expected"))
    _add_push(
        commands.add_parser("push", help="push an image that passed, and its verdict with it")
    )
    _add_ledger(commands.add_parser("ledger", help="copy, prune and promote in a ledger"))
    services.add_publish(commands.add_parser("publish", help="put a report into a service"))
    services.add_serve(commands.add_parser("serve", help="serve the ledger over HTTP"))
    services.add_token(commands.add_parser("token", help="say who may use a service"))
    commands.add_parser("doctor", help="what this machine can and cannot do")
    commands.add_parser("clean", help="remove what a killed run left behind")
    schema = commands.add_parser("schema", help="print the JSON Schema of a document")
    schema.add_argument("document", choices=["gate", "report"])
    return root


def _add_run(run: argparse.ArgumentParser) -> None:
    run.epilog = _EPILOG
    run.add_argument(
        "gate", metavar="gate.toml", nargs="?", default="gate.toml", help="by default ./gate.toml"
    )
    candidate = run.add_mutually_exclusive_group()
    candidate.add_argument("--image", metavar="REF", help="test this image instead")
    candidate.add_argument("--url", metavar="URL", help="test what runs at this URL instead")
    run.add_argument("--baseline", metavar="REF", help="for checks that compare with one")
    run.add_argument("--policy", metavar="NAME", help="judge under this policy of the file")
    run.add_argument(
        "--only", metavar="FAMILY", action="append", default=[], help="run only this family"
    )
    run.add_argument(
        "--checks", metavar="PATH", action="append", default=[], help="add checks of your own"
    )
    run.add_argument("--report", metavar="DIR", help="folder of the report")
    run.add_argument(
        "--fail-fast",
        action="store_true",
        help="stop after the first required check that does not pass",
    )
    run.add_argument(
        "--publish",
        metavar="URL",
        help="say there how far it is, and publish the report; by default RELEASEGATE_SERVER",
    )
    run.add_argument("--quiet", "-q", action="store_true", help="print the verdict only")


def _add_record(record: argparse.ArgumentParser) -> None:
    record.epilog = "exit codes: 0 written, 1 the candidate does not start or breaks its contract, "
    record.epilog += "2 wrong usage or configuration, 3 error"
    record.add_argument(
        "gate", metavar="gate.toml", nargs="?", default="gate.toml", help="by default ./gate.toml"
    )
    candidate = record.add_mutually_exclusive_group()
    candidate.add_argument("--image", metavar="REF", help="record this image instead")
    candidate.add_argument("--url", metavar="URL", help="record what runs at this URL instead")
    record.add_argument(
        "--into", metavar="FILE", help="by default what baseline.golden says, else golden.json"
    )
    record.add_argument("--force", action="store_true", help="replace the file where it is there")


def _add_freeze(freeze: argparse.ArgumentParser) -> None:
    freeze.add_argument(
        "gate", metavar="gate.toml", nargs="?", default="gate.toml", help="by default ./gate.toml"
    )
    freeze.add_argument(
        "--into", metavar="FILE", help="by default what contract.corpus says, else corpus.jsonl"
    )
    freeze.add_argument(
        "--anew", action="store_true", help="make them from today's contract, not from the file"
    )
    freeze.add_argument("--force", action="store_true", help="replace a file that is in the way")


def _add_init(init: argparse.ArgumentParser) -> None:
    init.add_argument("target", metavar="IMAGE|URL", help="image to start, or a running service")
    init.add_argument(
        "--example",
        metavar="FILE|JSON",
        action="append",
        default=[],
        help="a request that it serves; a .jsonl file holds one a line",
    )
    init.add_argument("--protocol", metavar="NAME", help="by default it is recognised")
    init.add_argument("--port", metavar="N", type=int, help="by default the one that is exposed")
    init.add_argument("--name", metavar="NAME", help="by default the image's or the host's")
    init.add_argument("--model", metavar="NAME", help="the model's name in the protocol's paths")
    init.add_argument("--path", metavar="PATH", help="path of the predictions")
    init.add_argument("--into", metavar="DIR", default=".", help="by default the current folder")


def _add_accuracy(accuracy: argparse.ArgumentParser) -> None:
    actions = accuracy.add_subparsers(dest="action", metavar="ACTION", required=True)
    shard = actions.add_parser("shard", help="count a part of the rows")
    shard.epilog = "exit codes: 0 written, 2 wrong usage or configuration, 3 error"
    shard.add_argument(
        "gate", metavar="gate.toml", nargs="?", default="gate.toml", help="by default ./gate.toml"
    )
    shard.add_argument("--shard", metavar="i/N", required=True, help="the i-th of N, from 1")
    shard.add_argument("--out", metavar="FILE", required=True, help="where the counts go")
    merge = actions.add_parser("merge", help="the verdict on the counts of all parts")
    merge.epilog = _EPILOG
    merge.add_argument("shards", metavar="FILE", nargs="+", help="all N files, in any order")
    merge.add_argument(
        "--gate", metavar="gate.toml", default="gate.toml", help="by default ./gate.toml"
    )
    merge.add_argument("--policy", metavar="NAME", help="judge under this policy of the file")
    merge.add_argument("--report", metavar="DIR", help="folder of the report")
    merge.add_argument("--quiet", "-q", action="store_true", help="print the verdict only")


def _add_load(load: argparse.ArgumentParser) -> None:
    roles = load.add_subparsers(dest="role", metavar="ROLE", required=True)
    master = roles.add_parser("master", help="deal the load to workers, and judge what they saw")
    master.epilog = _EPILOG
    master.add_argument(
        "gate", metavar="gate.toml", nargs="?", default="gate.toml", help="by default ./gate.toml"
    )
    master.add_argument(
        "--workers", metavar="N", type=int, default=1, help="begin with so many; by default 1"
    )
    master.add_argument(
        "--bind", metavar="HOST", default="127.0.0.1", help="address; by default 127.0.0.1"
    )
    master.add_argument("--port", metavar="N", type=int, default=5557, help="by default 5557")
    master.add_argument("--policy", metavar="NAME", help="judge under this policy of the file")
    master.add_argument("--report", metavar="DIR", help="folder of the report")
    master.add_argument("--quiet", "-q", action="store_true", help="print the verdict only")
    worker = roles.add_parser("worker", help="send what a master deals to this machine")
    worker.epilog = "exit codes: 0 the run came to its end, 2 wrong usage, 3 error"
    worker.add_argument("--master", metavar="HOST:PORT", required=True, help="where it listens")


def _add_compare(compare: argparse.ArgumentParser) -> None:
    compare.epilog = "the exit code is the second verdict's"
    compare.add_argument("a", metavar="A", help="report.json of the former, or its folder")
    compare.add_argument("b", metavar="B", help="report.json of the later, or its folder")


def _add_sign(sign: argparse.ArgumentParser) -> None:
    sign.epilog = "exit codes: 0 signed, 2 wrong usage or report, 3 error"
    sign.add_argument("report", metavar="REPORT", help="report.json, or the folder that holds it")
    who = sign.add_mutually_exclusive_group(required=True)
    who.add_argument("--key", metavar="FILE", help="private key in PEM: Ed25519 or ECDSA P-256")
    who.add_argument(
        "--keyless", action="store_true", help="through sigstore, with the identity of a CI job"
    )
    sign.add_argument("--out", metavar="DIR", help="by default beside the report")


def _add_verify(verify: argparse.ArgumentParser) -> None:
    verify.epilog = "exit codes: 0 holds and pass, 1 refuted or fail, 2 wrong usage, "
    verify.epilog += "3 error, 4 holds and inconclusive"
    verify.add_argument(
        "report", metavar="REPORT|ENVELOPE", help="report.json, its folder, or *.intoto.json"
    )
    verify.add_argument(
        "--key",
        metavar="FILE",
        action="append",
        required=True,
        help="public key in PEM; more than one: the signature of any will do",
    )
    image = verify.add_mutually_exclusive_group()
    image.add_argument("--image", metavar="REF", help="signed for this image: here, or @sha256:...")
    image.add_argument("--digest", metavar="sha256:...", help="signed for this image")
    verify.add_argument("--policy", metavar="NAME", help="judged under this policy")
    verify.add_argument("--policy-digest", metavar="sha256:...", help="and under this text of it")
    verify.add_argument("--max-age", metavar="TIME", help="finished no longer ago, like 14d")


def _add_push(push: argparse.ArgumentParser) -> None:
    push.epilog = "exit codes: 0 pushed, 1 refused or the tag moved, 2 wrong usage, "
    push.epilog += "3 error, 4 the verdict is inconclusive"
    push.add_argument("image", metavar="IMAGE", help="the image that was tested")
    push.add_argument("target", metavar="TARGET", help="registry/repository:tag")
    push.add_argument("--report", metavar="R", required=True, help="report.json, or its folder")
    push.add_argument("--policy", metavar="NAME", help="pushed only if it passed this policy")
    push.add_argument("--max-age", metavar="TIME", help="finished no longer ago; by default 14d")
    push.add_argument("--key", metavar="FILE", help="sign with it, and attach what is signed")
    push.add_argument("--out", metavar="DIR", help="by default beside the report")


def _add_ledger(ledger: argparse.ArgumentParser) -> None:
    where = argparse.ArgumentParser(add_help=False)
    services.add_ledger(where)
    actions = ledger.add_subparsers(dest="action", metavar="ACTION", required=True)

    def add(name: str, about: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=about, parents=[where])

    add("export", "write every report as JSON lines").add_argument("file", metavar="FILE|-")
    add("import", "take in what `export` wrote").add_argument("file", metavar="FILE|-")
    prune = add("prune", "remove old reports")
    prune.add_argument(
        "--keep-days", metavar="N", type=int, required=True, help="younger ones stay"
    )
    prune.add_argument(
        "--keep-last", metavar="N", type=int, default=20, help="of each candidate; by default 20"
    )
    promote = add("promote", "let a digest that passed hold an environment")
    promote.epilog = "exit codes: 0 it holds it, 1 refused, 2 wrong usage, 3 error"
    promote.add_argument("digest", metavar="sha256:...")
    promote.add_argument("environment", metavar="ENVIRONMENT", help="the policy that it passed")
    promote.add_argument(
        "--order",
        metavar="A,B,C",
        help="it must have held the one before; by default server.toml says",
    )
    promote.add_argument(
        "--max-age", metavar="TIME", help="its run finished no longer ago; by default 30d"
    )
    promote.add_argument("--by", metavar="NAME", help="by default the user of this machine")
    holders = add("holders", "which digest holds which environment, since when, by which report")
    holders.add_argument("environment", metavar="ENVIRONMENT", nargs="?", help="and its history")


def _complain(problem: GateError, code: int) -> int:
    from harness.report.escape import block  # a message may quote what somebody else wrote

    print(f"gate: {block(str(problem))}", file=sys.stderr)
    return code
