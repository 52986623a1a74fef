"""A reader of Dockerfiles: instructions with their lines, stages, and the commands of RUN."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

KEYWORDS = frozenset(
    "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL "
    "STOPSIGNAL USER VOLUME WORKDIR".split()
)
_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(.*?)\s*", re.ASCII)
_HEREDOC = re.compile(r"<<(-?)([\"']?)([A-Za-z_]\w*)\2")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})")
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "(", ")", "{", "}", "then", "do", "else"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continuation lines joined."""

    line: int  # of its first line, from 1
    keyword: str  # upper case
    value: str
    body: str = ""  # lines of its here-documents

    def words(self) -> list[str]:
        """Its arguments: JSON-like lists and quotes resolved, options (`--from=x`) included."""
        listed = _json_list(self.value)
        return _split(self.value) if listed is None else listed

    def options(self) -> dict[str, str]:
        """`--from=x` -> {"from": "x"}."""
        pairs = (word[2:].partition("=") for word in self.words() if word.startswith("--"))
        return {name: value for name, _, value in pairs}

    def commands(self) -> list[list[str]]:
        """The simple commands of a RUN, as words; assignments and `sudo` before them left out."""
        listed = _json_list(self.value)
        if listed is not None:
            return [_bare(listed)]
        script = _without_options(self.value)
        lines = [script] if not self.body else [self.body, _HEREDOC.sub(" ", script)]
        return [_bare(words) for text in lines for words in _simple_commands(text) if words]


@dataclass(frozen=True, slots=True)
class Stage:
    """FROM and what follows it."""

    start: Instruction
    image: str  # variables resolved where they have a value
    name: str  # "" where it has none
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """A Dockerfile, read."""

    instructions: tuple[Instruction, ...]
    stages: tuple[Stage, ...]

    def lineage(self, stage: Stage) -> list[Stage]:
        """The stage and the stages that it is built on: all that is shipped with it."""
        chain = [stage]
        while (parent := self._named(chain[-1].image, before=chain[-1])) is not None:
            chain.append(parent)
        return chain

    def is_stage(self, stage: Stage) -> bool:
        """Whether `stage` starts from an earlier stage and not from an image."""
        return self._named(stage.image, before=stage) is not None

    def _named(self, name: str, before: Stage) -> Stage | None:
        earlier = self.stages[: self.stages.index(before)]
        found = [one for one in earlier if one.name and one.name.lower() == name.lower()]
        return found[-1] if found else None


def parse(text: str, build_args: Mapping[str, str] | None = None) -> Dockerfile:
    """Read a Dockerfile; ARG and ENV values are put in where they are known.

    What is not an instruction stays in `instructions` under its own word, for a rule to name.
    """
    instructions = list(_instructions(text))
    stages: list[Stage] = []
    arguments: dict[str, str] = {}
    scope: dict[str, str] = arguments
    resolved: list[Instruction] = []
    for raw in instructions:
        if raw.keyword == "FROM":
            scope = dict(arguments)
        one = replace(raw, value=substitute(raw.value, scope))
        resolved.append(one)
        if one.keyword in ("ARG", "ENV"):
            _define(one, scope, build_args or {})
        if one.keyword == "FROM":
            stages.append(_stage(one))
        elif stages:
            last = stages[-1]
            stages[-1] = replace(last, instructions=(*last.instructions, one))
    return Dockerfile(tuple(resolved), tuple(stages))


def substitute(text: str, values: Mapping[str, str]) -> str:
    """`$X`, `${X}`, `${X:-default}` replaced where a value is known, else left as they are."""

    def value(match: re.Match[str]) -> str:
        known = values.get(match[1] or match[2]) or match[3]
        return match[0] if known is None else known

    return _VARIABLE.sub(value, text)


def _define(one: Instruction, scope: dict[str, str], build_args: Mapping[str, str]) -> None:
    for name, default in _pairs(one):
        if one.keyword == "ARG" and name in build_args:
            scope[name] = build_args[name]
        elif default is not None:
            scope[name] = default


def _pairs(one: Instruction) -> Iterator[tuple[str, str | None]]:
    words = one.words()
    if one.keyword == "ENV" and len(words) >= 2 and "=" not in words[0]:
        yield words[0], " ".join(words[1:])  # the old form: ENV NAME value
        return
    for word in words:
        name, equals, value = word.partition("=")
        yield name, value if equals else None


def _stage(one: Instruction) -> Stage:
    words = [word for word in one.words() if not word.startswith("--")]
    named = len(words) >= 3 and words[1].upper() == "AS"
    return Stage(one, words[0] if words else "", words[2] if named else "", ())


def _instructions(text: str) -> Iterator[Instruction]:
    lines = text.splitlines()
    escape = _escape(lines)
    index = 0
    while index < len(lines):
        start = index
        if not lines[index].strip() or lines[index].lstrip().startswith("#"):
            index += 1
            continue
        parts, index = _joined(lines, index, escape)
        keyword, _, value = " ".join(parts).strip().partition(" ")
        body, index = _heredocs(keyword.upper(), value, lines, index)
        yield Instruction(start + 1, keyword.upper(), value.strip(), body)


def _escape(lines: list[str]) -> str:
    """The escape character: directives stand before everything else."""
    for line in lines:
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match[1].lower() == "escape":
            return match[2] or "\\"
    return "\\"


def _joined(lines: list[str], index: int, escape: str) -> tuple[list[str], int]:
    """The lines of one instruction; comments and empty lines between them do not end it."""
    parts: list[str] = []
    while index < len(lines):
        line = lines[index].rstrip()
        index += 1
        if parts and (not line.strip() or line.lstrip().startswith("#")):
            continue
        more = line.endswith(escape)
        parts.append(line[: -len(escape)] if more else line)
        if not more:
            break
    return [part.strip() for part in parts], index


def _heredocs(keyword: str, value: str, lines: list[str], index: int) -> tuple[str, int]:
    body: list[str] = []
    if keyword in ("RUN", "COPY", "ADD"):
        for match in _HEREDOC.finditer(value):
            while index < len(lines):
                line = lines[index]
                index += 1
                if (line.lstrip("\t") if match[1] else line) == match[3]:
                    break
                body.append(line)
    return "\n".join(body), index


def _without_options(value: str) -> str:
    return re.sub(r"^(\s*--[\w-]+(=\S+)?)+\s+", "", value)


def _json_list(text: str) -> list[str] | None:
    """The exec form, `["a", "b"]`; None where `text` is not one."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return [str(item) for item in found] if isinstance(found, list) else None


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()  # an open quote: the words are still there


def _simple_commands(script: str) -> list[list[str]]:
    commands: list[list[str]] = []
    for line in re.sub(r"\\\n", " ", script).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="();|&")
        lexer.whitespace_split = True
        lexer.commenters = ""
        try:
            words = list(lexer)
        except ValueError:
            words = line.split()
        current: list[str] = []
        for word in words:
            if word in _SEPARATORS:
                commands.append(current)
                current = []
            else:
                current.append(word)
        commands.append(current)
    return commands


def _bare(words: list[str]) -> list[str]:
    while words and (re.fullmatch(r"\w+=.*", words[0]) or words[0] in ("sudo", "exec", "!")):
        words = words[1:]
    return words
