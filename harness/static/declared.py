"""Everything that a candidate's source says must be installed, from wherever it says so."""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement

from harness.static.dockerfile import Dockerfile, Instruction, parse
from harness.static.places import Places, own_files
from harness.static.requirements import (
    Item,
    constrained,
    is_path,
    logical_lines,
    read_item,
    wheel_name,
)

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_WITH_VALUE = frozenset(
    "-i --index-url --extra-index-url -f --find-links --no-binary --only-binary --trusted-host "
    "--use-feature --platform --python-version --implementation --abi -t --target --prefix --root "
    "--cache-dir --proxy --cert --client-cert --timeout --retries --src --upgrade-strategy "
    "--progress-bar --log --python --config-settings -C --report --global-option --group".split()
)
_FOLLOWED = frozenset({"-r", "--requirement", "-c", "--constraint", "-e", "--editable"})
_MOST_FILES = 32


@dataclass(slots=True)
class Declared:
    """What was found, constraints applied."""

    items: list[Item] = field(default_factory=list)
    installed: set[str] = field(default_factory=set)  # files that a pip install names, as shown
    locks: list[Path] = field(default_factory=list)


def collect(places: Places) -> Declared:
    """Read the requirements files of the source folder, its parent and the build context, the
    `pip install` commands of the Dockerfile, and, where nothing else is there, pyproject.toml.

    Raises ConfigError for a file that cannot be read.
    """
    reader = _Reader(places)
    if places.dockerfile is not None:
        reader.dockerfile(places.dockerfile)
    for file in requirement_files(places):
        reader.file(file)  # those that the Dockerfile installs have been read by now
    locks = [f / n for f in places.folders for n in _LOCKS if (f / n).is_file()]
    if not reader.files and not locks:
        for folder in places.folders:
            reader.project(folder)
    items = [constrained(item, reader.constraints.get(item.name)) for item in reader.items]
    return Declared(items, reader.installed, locks)


def requirement_files(places: Places) -> list[Path]:
    """`requirements*.txt` of the source folder, the build context, and the folder above the
    source where that still belongs to the project; requirements.txt itself before the others."""
    found = [file for folder in _folders(places) for file in folder.glob("requirements*.txt")]
    found.sort(key=lambda file: (file.name != "requirements.txt", file.name))
    return [file for file in dict.fromkeys(found) if file.is_file()]


def main_file(places: Places) -> Path | None:
    """The requirements.txt that stands nearest to the source."""
    files = [folder / "requirements.txt" for folder in _folders(places)]
    return next((file for file in files if file.is_file()), None)


def _folders(places: Places) -> list[Path]:
    source = places.source
    above = [] if source is None or source == places.root else [source.parent]
    return [*places.folders, *(one for one in above if one.is_relative_to(places.root))]


class _Reader:
    """Walks files and commands, and gathers what they require."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.items: list[Item] = []
        self.files: set[Path] = set()
        self.installed: set[str] = set()
        self.constraints: dict[str, Requirement] = {}
        self._copies: dict[str, Path] = {}  # name inside the image -> file of the context

    def dockerfile(self, file: Path) -> None:
        """`pip install ...` of every stage: the first may train what the last one serves."""
        context = self.places.context or file.parent
        dockerfile = parse(self.places.read(file), dict(self.places.build_args))
        self._copies = _copies(dockerfile, context)
        for one in dockerfile.instructions:
            for words in one.commands() if one.keyword == "RUN" else ():
                arguments = _pip_arguments(words)
                if arguments is not None:
                    self._arguments(arguments, context, f"{self.places.shown(file)}:{one.line}", "")

    def file(self, path: Path, first: str = "") -> None:
        """A requirements file and what it includes; `first` is the file that includes it."""
        if path.resolve() in self.files or len(self.files) >= _MOST_FILES:
            return
        self.files.add(path.resolve())
        shown = self.places.shown(path)
        for line, text in logical_lines(self.places.read(path)):
            words = _words(text) if text.startswith("-") else [text]
            self._arguments(words, path.parent, f"{shown}:{line}", first or shown)

    def project(self, folder: Path) -> None:
        """`[project] dependencies` of a pyproject.toml."""
        file = folder / "pyproject.toml"
        if file.resolve() in self.files or not file.is_file():
            return
        self.files.add(file.resolve())
        where = self.places.shown(file)
        try:
            project = tomllib.loads(self.places.read(file)).get("project", {})
        except tomllib.TOMLDecodeError as problem:
            self.items.append(Item(file.name, where, where, broken=f"not TOML: {problem}"))
            return
        wanted = project.get("dependencies", []) if isinstance(project, dict) else []
        for text in wanted if isinstance(wanted, list) else []:
            self.items.append(read_item(str(text), where, where))

    def _arguments(self, words: list[str], folder: Path, where: str, file: str) -> None:
        """Arguments of pip, from a command line or a line of a requirements file."""
        rest = iter(words)
        for word in rest:
            option, glued = _option(word)
            if option in _FOLLOWED:
                self._follow(option, glued or next(rest, ""), folder, where, file)
            elif option in _WITH_VALUE and not glued:
                next(rest, "")
            elif not word.startswith("-"):
                self._wanted(word, folder, where, file)

    def _follow(self, option: str, value: str, folder: Path, where: str, file: str) -> None:
        if option in ("-e", "--editable"):
            self._wanted(value, folder, where, file)
            return
        path = self._find(value, folder, from_image=not file)
        if path is None:
            text = f"{option} {value}"
            self.items.append(Item(text, where, file, unknown="names a file that is not here"))
        elif option in ("-c", "--constraint"):
            self._constrain(path)
        else:
            if not file:
                self.installed.add(self.places.shown(path))
            self.file(path, file)

    def _find(self, value: str, folder: Path, from_image: bool) -> Path | None:
        """A file that is included. A Dockerfile names it by its place inside the image."""
        if not value or "$" in value or "://" in value or value == "-":
            return None
        name = Path(value).name
        options = [self._copies.get(name), folder / value.lstrip("/")] if from_image else []
        options += [] if from_image else [folder / value]
        for path in options:
            if path is not None and path.is_file() and self.places.holds(path):
                return path
        return next(own_files(folder, name), None) if from_image else None

    def _constrain(self, path: Path) -> None:
        """`-c`: versions for what something else requires."""
        for _, text in logical_lines(self.places.read(path)):
            item = read_item(text, "", path.name)
            if item.requirement is not None:
                self.constraints[item.name] = item.requirement

    def _wanted(self, word: str, folder: Path, where: str, file: str) -> None:
        local = folder / word.partition("[")[0]
        if not is_path(word):
            self.items.append(read_item(word, where, file))
        elif word.endswith(".whl") or not local.is_dir():
            self.items.append(Item(word, where, file, wheel_name(word), pinned=True))
        elif self.places.holds(local):
            self.project(local)  # the candidate itself: what it depends on is of interest


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _option(word: str) -> tuple[str, str]:
    """`--requirement=file` and `-rfile` -> (option, value)."""
    if word.startswith("--"):
        name, _, value = word.partition("=")
        return name, value
    return (word[:2], word[2:].lstrip()) if re.match(r"-[rce].", word) else (word, "")


def _pip_arguments(words: list[str]) -> list[str] | None:
    """What follows `pip install`, `python -m pip install`, `uv pip install`; None for others."""
    if words and words[0] in ("echo", "printf"):
        return None
    for index, word in enumerate(words[:8]):
        if word == "install":
            before = [one.rpartition("/")[2] for one in words[:index]]
            return words[index + 1 :] if any(re.match(r"pip[\d.]*$", b) for b in before) else None
    return None


def _copies(dockerfile: Dockerfile, context: Path) -> dict[str, Path]:
    """Which file of the context has which name inside the image, by COPY, ADD and bind mounts."""
    found: dict[str, Path] = {}
    for one in dockerfile.instructions:
        if one.keyword in ("COPY", "ADD") and "from" not in one.options():
            words = [word for word in one.words() if not word.startswith("--")]
            for source in words[:-1]:
                found[Path(source).name] = context / source.lstrip("/")
            if len(words) == 2 and not words[1].endswith("/"):
                found.setdefault(Path(words[1]).name, context / words[0].lstrip("/"))
        if one.keyword == "RUN":
            found.update(_mounts(one, context))
    return found


def _mounts(one: Instruction, context: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for mount in re.findall(r"--mount=(\S+)", one.value):
        keys = dict(part.partition("=")[::2] for part in mount.split(","))
        source = keys.get("source") or keys.get("src")
        target = keys.get("target") or keys.get("dst") or keys.get("destination")
        if source and target and "from" not in keys:
            found[Path(target).name] = context / source.lstrip("/")
    return found
