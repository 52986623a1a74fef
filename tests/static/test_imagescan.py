"""One pass over an image finds all that the image checks want to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from harness.runtime import ImageFile
from harness.static.imagescan import is_searched, read, scan
from harness.static.secrets import Secret

SECRET = "Vt7%kq2Zp9" + "wLm4"


@dataclass
class FakeImage:
    """An image out of a dictionary; counts how often it is read."""

    content: dict[str, bytes]
    config_digest: str = "sha256:0"
    config: dict[str, Any] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    passes: int = 0

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.content.values()))

    def files(self, content_up_to: int = 0) -> Iterator[ImageFile]:
        self.passes += 1
        for path, content in self.content.items():
            kept = content if len(content) <= content_up_to else None
            yield ImageFile(path, len(content), 0o644, kept)


def test_an_image_is_read_once_for_all_checks() -> None:
    image = FakeImage({"/app/a": b"x"}, config_digest="sha256:once")
    assert scan(image) is scan(image)
    assert image.passes == 1


def test_another_digest_is_another_scan() -> None:
    one = FakeImage({"/app/a": b"x"}, config_digest="sha256:one")
    two = FakeImage({}, config_digest="sha256:two")
    assert (scan(one).files, scan(two).files) == (1, 0)


def test_an_image_that_cannot_be_read_is_not_remembered_as_empty() -> None:
    class Broken(FakeImage):
        def files(self, content_up_to: int = 0) -> Iterator[ImageFile]:
            raise OSError("no engine")

    image = Broken({}, config_digest="sha256:broken")
    for _ in range(2):
        with pytest.raises(OSError, match="no engine"):
            scan(image)


def test_packages_accounts_and_secrets_are_found_in_one_pass() -> None:
    found = read(
        FakeImage(
            {
                "/etc/passwd": b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:\nbroken\n",
                "/app/lib/python3.11/site-packages/flask-3.1.0.dist-info/METADATA": b"",
                "/srv/.env": b"A=1\nDB_PASSWORD=" + SECRET.encode() + b"\n",
            }
        )
    )
    assert found.accounts == {"root": 0, "app": 1000}
    assert [(one.name, one.version) for one in found.installed] == [("flask", "3.1.0")]
    assert found.secrets == [("/srv/.env", Secret("assigned-secret", "Vt7%... (14 characters)", 2))]


def test_the_working_directory_tells_what_is_the_applications() -> None:
    image = FakeImage({"/home/me/app/tests/a": b"x"}, config={"WorkingDir": "/home/me/app"})
    assert len(read(image).ballast.observations()) == 2


def test_a_large_file_is_counted_and_not_searched() -> None:
    found = read(FakeImage({"/app/model.bin": b"x" * (256 * 1024 + 1)}))
    assert (found.files, found.searched) == (1, 0)


def test_settings_are_told_from_code() -> None:
    line = b"password = settings.password1\n"
    found = read(FakeImage({"/app/a.py": line, "/app/a.txt": line, "/app/a.cfg": line}))
    assert [path for path, _ in found.secrets] == ["/app/a.cfg"]


@pytest.mark.parametrize(
    "path",
    [
        "/app/a.py",
        "/root/.netrc",
        "/etc/app.conf",
        "/opt/x/lib/python3.11/site-packages/service/settings.toml",
        "/opt/x/lib/python3.11/site-packages/service/server.key",
    ],
)
def test_the_candidates_files_are_searched(path: str) -> None:
    assert is_searched(path)


@pytest.mark.parametrize(
    "path",
    [
        "/usr/share/doc/x/examples/key.pem",
        "/usr/lib/python3/dist-packages/x.py",
        "/opt/x/lib/python3.11/site-packages/gevent/tests/server.key",
        "/opt/x/lib/python3.11/site-packages/x/core.py",
        "/etc/ssl/private/ssl-cert-snakeoil.key",
    ],
)
def test_what_others_published_is_not_searched(path: str) -> None:
    assert not is_searched(path)
