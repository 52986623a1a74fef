"""The service's own manifests start what exists, probe what answers, and watch what is told."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from fastapi import FastAPI
from starlette.routing import Match

from harness.cli import parser
from harness.ledger import open_ledger
from harness.server.app import create_app
from harness.server.settings import Settings, load_settings

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "controllers"
DOCUMENTS = {
    document["kind"]: document
    for document in yaml.safe_load_all((FOLDER / "kubernetes" / "releasegate.yaml").read_text())
}
POD = DOCUMENTS["Deployment"]["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
RULES = yaml.safe_load((FOLDER / "prometheus" / "rules.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((FOLDER / "grafana" / "dashboard.json").read_text(encoding="utf-8"))
GRACE_S = 10  # that the service gives its requests when it is told to end


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    """The service over an empty ledger, open to readers."""
    ledger = open_ledger(str(tmp_path / "ledger.sqlite"))
    yield create_app(Settings(read="open"), ledger)
    ledger.close()


def get(app: FastAPI, path: str) -> httpx.Response:
    """What the service answers, without a socket."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gate") as client:
            return await client.get(path)

    return asyncio.run(asked())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """server.toml of the Secret, read as the service reads it."""
    file = tmp_path / "server.toml"
    file.write_text(DOCUMENTS["Secret"]["stringData"]["server.toml"], encoding="utf-8")
    return load_settings(str(file))


def queries() -> list[str]:
    """Every PromQL expression of the dashboard, its variables filled in."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    filled = [text.replace("$__rate_interval", "5m") for text in found]
    return [re.sub(r"\$(name|policy|metric)", ".*", text) for text in filled]


def test_the_settings_are_taken_and_the_ledger_lies_on_the_volume(settings: Settings) -> None:
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    assert Path(settings.ledger).is_relative_to(mounts["ledger"])
    assert settings.host == "0.0.0.0"
    assert settings.environments == ["sit", "stg", "prd"]
    assert set(settings.canary.sources) == {"main"}


def test_one_port_is_meant_everywhere(settings: Settings) -> None:
    (port,) = CONTAINER["ports"]
    (service,) = DOCUMENTS["Service"]["spec"]["ports"]
    assert settings.port == port["containerPort"] == service["port"]
    assert service["targetPort"] == port["name"]
    for path in FOLDER.rglob("*"):
        if path.suffix in {".yaml", ".json"} and "releasegate.svc" in path.read_text("utf-8"):
            text = path.read_text(encoding="utf-8")
            assert text.count("releasegate.svc:") == text.count(f"releasegate.svc:{settings.port}")


def test_a_ledger_in_a_file_has_one_writer_who_ends_before_the_next(settings: Settings) -> None:
    assert "://" not in settings.ledger
    assert DOCUMENTS["Deployment"]["spec"]["replicas"] == 1
    assert DOCUMENTS["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert DOCUMENTS["PersistentVolumeClaim"]["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert POD["terminationGracePeriodSeconds"] > GRACE_S


@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_a_probe_asks_what_answers_without_a_token(app: FastAPI, probe: str) -> None:
    asked = CONTAINER[probe]["httpGet"]
    assert asked["port"] == "http"
    assert get(app, asked["path"]).status_code == 200


def test_a_ledger_that_is_away_restarts_nothing() -> None:
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert CONTAINER["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_pod_is_what_a_restricted_namespace_lets_in() -> None:
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_image_starts_the_service_as_the_user_of_the_pod() -> None:
    lines = (FOLDER / "kubernetes" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    said = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    command = [*json.loads(said["ENTRYPOINT"]), *CONTAINER["args"]]
    assert json.loads(said["CMD"]) == CONTAINER["args"]
    assert parser().parse_args(command[1:]).settings == "/etc/releasegate/server.toml"
    assert int(said["USER"]) == POD["securityContext"]["runAsUser"]


def test_every_path_that_a_manifest_asks_is_one_of_the_service(app: FastAPI) -> None:
    digest = "sha256:" + "9f" * 32
    asked = set()
    for path in FOLDER.rglob("*"):
        if path.suffix in {".yaml", ".json"}:
            text = path.read_text(encoding="utf-8").replace("{{args.digest}}", digest)
            asked |= set(re.findall(r"(?:\{\{args\.server\}\}|:8080)(/[^?\"\s]+)", text))
    assert len(asked) >= 5
    for path in sorted(asked):
        method = "POST" if "flagger" in path else "GET"
        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": []}
        assert Match.FULL in [route.matches(scope)[0] for route in app.routes], path


def test_every_metric_that_is_watched_is_one_that_is_told(app: FastAPI) -> None:
    told = set(re.findall(r"(?m)^# TYPE (\S+)", get(app, "/metrics").text))
    watched = set()
    for text in [*queries(), *(rule["expr"] for rule in RULES)]:
        watched |= set(re.findall(r"\breleasegate_[a-z_]+\b", text))
    assert watched and watched <= told


@pytest.mark.parametrize("expression", [rule["expr"] for rule in RULES] + queries())
def test_every_expression_is_promql(expression: str) -> None:
    promql_parser.parse(expression)


def test_every_alert_says_how_grave_it_is_and_what_it_means() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert rule["annotations"]["summary"]


def test_the_rules_keep_their_own_tests() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed: it comes with Prometheus")
    for arguments in ("check rules rules.yaml", "test rules rules.test.yaml"):
        done = subprocess.run(
            [promtool, *shlex.split(arguments)],
            cwd=FOLDER / "prometheus",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_panels_have_ids_a_place_each_and_the_chosen_source() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken
        taken |= cells
        for target in panel["targets"]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_variable_of_the_dashboard_is_defined() -> None:
    defined = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)\b", json.dumps(DASHBOARD["panels"])))
    assert used <= defined
