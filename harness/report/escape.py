"""What comes from a candidate, made harmless for each place where it is shown."""

from __future__ import annotations

import re

# Escape sequences of terminals (ECMA-48): commands, and strings up to their terminator.
_SEQUENCES = re.compile(
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|[\\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)|[ -/]*[0-~])"
    "|\x9b[0-?]*[ -/]*[@-~]"
)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
# Controls, direction marks (CVE-2021-42574), invisible and tag characters, halves of pairs.
_HIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# Log lines that CI systems obey: `::error::` (GitHub), `##vso[` (Azure), `##teamcity[`, `##[`.
_COMMANDS = re.compile(r"(?:(?<!\S)::(?=\s*[A-Za-z])|::(?=[^\n]*::)|##(?=\w*\[))")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#!|~&$^]")
_LEADING = re.compile(r"^(\d*)([-+=.])")  # would begin a list, a rule or a heading
_ADDRESS = re.compile(r"(?i)(?<=http):|(?<=https):|(?<=ftp):|(?<=mailto):|(?<=www)\.")
_MENTION = re.compile(r"(?<=@)(?=\w)|(?<=#)(?=\d)")
_BREAK_UP = "\u200b"  # a zero-width space: a mention is no mention any more, and looks the same


def visible(text: str) -> str:
    """`text` without anything that acts instead of showing; line breaks and tabs are kept."""
    return _HIDDEN.sub("", _BREAKS.sub("\n", _SEQUENCES.sub("", text)))


def block(text: str) -> str:
    """Several lines for a terminal or a CI log, which may obey what stands in its lines."""
    return _COMMANDS.sub(lambda match: " ".join(match[0]), visible(text))


def printable(text: str) -> str:
    """One line for a terminal or a CI log."""
    return " ".join(block(text).split())


def markdown(text: str) -> str:
    """One line of plain text in Markdown: no markup, links, mentions or HTML, safe in a table."""
    text = _MARKDOWN.sub(r"\\\g<0>", printable(text))
    text = _ADDRESS.sub(r"\\\g<0>", _LEADING.sub(r"\1\\\2", text))
    return _MENTION.sub(_BREAK_UP, text)


def code(text: str) -> str:
    """One line in a Markdown code span, whatever backticks it holds."""
    text = printable(text)
    if not text:
        return ""
    ticks = "`" * (_longest_run(text) + 1)
    gap = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{gap}{text}{gap}{ticks}"


def cell(text: str) -> str:
    """A code span in a Markdown table, where a bar would end the cell."""
    return code(text).replace("|", "\\|")


def fence(text: str, language: str = "") -> str:
    """A Markdown code block, whatever fences it holds."""
    text = block(text)
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def xml(text: str) -> str:
    """Text that XML 1.0 can hold; the writer escapes its markup."""
    return _NOT_XML.sub("", block(text))


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
