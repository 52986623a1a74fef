"""Whose a path inside an image is."""

from __future__ import annotations

import pytest

from harness.static.paths import is_application, is_packaged, is_system


@pytest.mark.parametrize(
    "path", ["/bin/sh", "/usr/share/doc/x/tests/a", "/var/lib/dpkg/info/x", "/usr/lib/python3/x"]
)
def test_what_a_distribution_ships(path: str) -> None:
    assert is_system(path)


@pytest.mark.parametrize("path", ["/usr/local/app/x", "/usr/src/app/x", "/srv/x", "/etc/x", "/x"])
def test_what_it_does_not(path: str) -> None:
    assert not is_system(path)


@pytest.mark.parametrize(
    "path",
    [
        "/opt/service/lib/python3.11/site-packages/numpy/tests/a.py",
        "/usr/local/lib/python3.11/test/test_x.py",
        "/app/.venv/lib/python3.11/site-packages/x.py",
        "/app/node_modules/x/test/a.js",
    ],
)
def test_what_is_published_by_others(path: str) -> None:
    assert is_packaged(path)
    assert not is_application(path, "/app")


@pytest.mark.parametrize("path", ["/srv/app.py", "/models/a", "/home/me/app/x", "/usr/src/app/x"])
def test_a_working_directory_is_the_applications(path: str) -> None:
    assert is_application(path, path.rpartition("/")[0])


@pytest.mark.parametrize("path", ["/app/x", "/srv/x/y", "/opt/tool/x", "/models/a"])
def test_folders_that_no_distribution_has_are_the_applications(path: str) -> None:
    assert is_application(path, "/")


@pytest.mark.parametrize("path", ["/x", "/etc/x/tests/y", "/root/x", "/usr/lib/x", "/tmp/tests/x"])
def test_others_are_not(path: str) -> None:
    assert not is_application(path, "")
