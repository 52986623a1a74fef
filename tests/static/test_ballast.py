"""What no request needs is found in the application's folders, and nowhere else."""

from __future__ import annotations

import pytest

from harness.model import Finding, Measurement, Severity
from harness.static.ballast import Ballast


def weigh(*files: tuple[str, int], workdir: str = "/srv") -> list[Measurement | Finding]:
    ballast = Ballast(workdir)
    for path, size in files:
        ballast.look(path, size)
    return ballast.observations()


@pytest.mark.parametrize(
    ("path", "rule", "top"),
    [
        ("/srv/.git/objects/ab/cd", "version-control", "/srv/.git"),
        ("/srv/notebooks/a.ipynb", "notebook", "/srv/notebooks/a.ipynb"),
        ("/srv/tests/unit/test_a.py", "tests", "/srv/tests"),
        ("/srv/webapp/test/data.bin", "tests", "/srv/webapp/test"),
        ("/srv/webapp/test_app.py", "tests", "/srv/webapp/test_app.py"),
        ("/srv/conftest.py", "tests", "/srv/conftest.py"),
        ("/srv/.pytest_cache/v/x", "tool-cache", "/srv/.pytest_cache"),
        ("/root/.cache/pip/http/x", "package-cache", "/root/.cache/pip"),
    ],
)
def test_ballast_is_an_error_where_it_lies(path: str, rule: str, top: str) -> None:
    size, finding = weigh((path, 2**20))
    assert size == Measurement("ballast_size", 1.0, "MiB")
    assert isinstance(finding, Finding)
    assert (finding.rule, finding.location, finding.severity) == (rule, top, Severity.ERROR)


@pytest.mark.parametrize(
    "path", ["/srv/docs/a.md", "/var/lib/apt/lists/x", "/srv/.vscode/x", "/srv/a/.DS_Store"]
)
def test_lesser_ballast_is_a_warning(path: str) -> None:
    finding = weigh((path, 1))[1]
    assert isinstance(finding, Finding)
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    "path",
    [
        "/opt/service/lib/python3.11/site-packages/numpy/tests/test_x.py",
        "/usr/lib/python3.11/test/test_x.py",
        "/usr/share/doc/x/README",
        "/srv/webapp/app.py",
        "/srv/webapp/__pycache__/app.pyc",
        "/srv/models/latest.onnx",
        "/srv/webapp/attestation.py",
        "/root/.cache/huggingface/model.bin",
        "/var/lib/apt/lists/lock",
        "/etc/tests/x",
    ],
)
def test_what_belongs_there_is_no_ballast(path: str) -> None:
    assert weigh((path, 1)) == [Measurement("ballast_size", 0.0, "MiB")]


def test_a_folder_is_one_finding_with_its_weight_and_the_heaviest_comes_first() -> None:
    seen = weigh(("/srv/a.ipynb", 5), ("/srv/.git/a", 2**20), ("/srv/.git/b", 2**21))
    messages = [one.message for one in seen if isinstance(one, Finding)]
    assert messages == [
        "the image carries the history of the source: /srv/.git, 2 files, 3.0 MiB",
        "the image carries a notebook: /srv/a.ipynb, 1 file, 0.0 MiB",
    ]
