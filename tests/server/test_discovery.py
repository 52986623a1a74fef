"""An adapter is one file: nothing else has to know of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from harness.server import adapters

_ADAPTER = """
from fastapi import APIRouter, Depends
from harness.server.service import Service


def router(service: Service) -> APIRouter:
    routes = APIRouter()

    @routes.get("/v1/traffic-light/{digest}", dependencies=[Depends(service.require("read"))])
    def light(digest: str) -> str:
        return "green" if service.answer(digest).verdict == "pass" else "red"

    return routes
"""


def test_a_strangers_adapter_is_one_file(
    serving: Callable[..., httpx.Client], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "traffic_light.py").write_text(_ADAPTER, encoding="utf-8")
    (tmp_path / "helper_without_a_router.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(adapters, "__path__", [*adapters.__path__, str(tmp_path)])
    client = serving(("read",))
    assert client.get("/v1/traffic-light/" + "1" * 64).json() == "red"
    stranger = httpx.get(f"{client.base_url}/v1/traffic-light/x", trust_env=False)
    assert stranger.status_code == 401
