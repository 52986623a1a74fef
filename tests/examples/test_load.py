"""The example of distributed load: what its files say is what the commands take."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli import parser
from harness.config import load
from harness.load.distributed.place import Place, parse
from harness.load.planned.plan import refuse_strangers

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "load"
Document = dict[str, Any]


@pytest.fixture(scope="module")
def services() -> Document:
    """Those of the Compose file."""
    found: Document = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    services: Document = found["services"]
    return services


@pytest.fixture(scope="module")
def manifests() -> dict[str, Document]:
    """Those of Kubernetes, by kind and name."""
    text = (FOLDER / "kubernetes.yaml").read_text(encoding="utf-8")
    return {f"{item['kind']} {item['metadata']['name']}": item for item in yaml.safe_load_all(text)}


def container(job: Document) -> Document:
    """The one of a job."""
    (found,) = job["spec"]["template"]["spec"]["containers"]
    item: Document = found
    return item


def test_the_gate_is_one_and_its_locustfile_is_python() -> None:
    gate = load(FOLDER / "gate.toml")
    assert gate.load is not None and gate.load.locustfile is not None
    tree = ast.parse(gate.find(gate.load.locustfile).read_text(encoding="utf-8"))
    assert [item.name for item in tree.body if isinstance(item, ast.ClassDef)] == ["Reader"]


def test_the_compose_files_commands_are_those_of_gate(services: Document) -> None:
    master = parser().parse_args(services["master"]["command"])
    workers = [item for name, item in services.items() if name.startswith("worker")]
    assert master.workers == len(workers) == 2
    for worker in workers:
        address = parser().parse_args(worker["command"]).master
        assert parse(address) == (master.bind, master.port)


def test_in_compose_the_load_stays_on_one_loopback(services: Document) -> None:
    gate = load(FOLDER / "gate.toml")
    refuse_strangers(str(gate.candidate.url))
    others = [item for name, item in services.items() if name != "model"]
    assert {item["network_mode"] for item in others} == {"service:model"}


def test_in_the_cluster_as_many_workers_come_as_the_master_waits_for(
    manifests: dict[str, Document],
) -> None:
    master, workers = manifests["Job gate-master"], manifests["Job gate-worker"]
    asked = parser().parse_args(container(master)["args"])
    place = Place.of(f"{asked.bind}:{asked.port}", asked.workers)
    assert workers["spec"]["parallelism"] == workers["spec"]["completions"] == place.workers
    service = manifests["Service gate-master"]
    name, port = parse(parser().parse_args(container(workers)["args"]).master)
    assert (name, port) == (service["metadata"]["name"], service["spec"]["ports"][0]["port"])
    assert port == place.port


def test_in_the_cluster_only_workers_reach_the_master(manifests: dict[str, Document]) -> None:
    (rule,) = manifests["NetworkPolicy gate-master"]["spec"]["ingress"]
    (peer,) = rule["from"]
    labels = manifests["Job gate-worker"]["spec"]["template"]["metadata"]["labels"]
    assert peer["podSelector"]["matchLabels"] == labels
    selected = manifests["Service gate-master"]["spec"]["selector"]
    assert manifests["Job gate-master"]["spec"]["template"]["metadata"]["labels"] == selected


def test_the_clusters_gate_names_the_host_that_it_puts_under_load(
    manifests: dict[str, Document], tmp_path: Path
) -> None:
    for name, text in manifests["ConfigMap gate"]["data"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    gate = load(tmp_path / "gate.toml")
    assert gate.load is not None
    refuse_strangers(str(gate.candidate.url), gate.load.hosts)
