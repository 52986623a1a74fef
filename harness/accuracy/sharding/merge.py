"""All shards of one evaluation put together: nothing missing, nothing twice, nothing foreign."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from harness.accuracy.counting import Counts
from harness.accuracy.evaluation import Job
from harness.accuracy.sharding.document import Header, Place, check, read_blocks
from harness.accuracy.sharding.shard import header_of
from harness.errors import ConfigError

_LISTED = 8  # missing shards that a message names


@dataclass(frozen=True, slots=True)
class Merged:
    """Shards that together are one evaluation, in their order."""

    header: Header  # of any of them
    files: tuple[Path, ...]

    def blocks(self, job: Job) -> Generator[tuple[int, Counts], None, None]:
        """Every block of the evaluation in order, as `run_blocks` would give them.

        The shards must be those of `job`: the same models, rows, options and runtime. Raises
        ConfigError where they are not, and where a file has changed since it was checked.
        """
        self._belongs(job)
        with ExitStack() as opened:
            parts = [opened.enter_context(closing(read_blocks(file))) for file in self.files]
            for index in range(self.header.blocks):
                found = next(parts[index % len(parts)], None)
                if found is None or found[0] != index:
                    file = self.files[index % len(parts)]
                    raise ConfigError(f"{file}: block {index} is missing; make the shard anew")
                yield found

    def _belongs(self, job: Job) -> None:
        here, there = header_of(job, Place(1, 1)), self.header
        if there.job == here.job:
            return
        named = {
            "the data set is another": (there.data, here.data),
            "the reference is another": (there.models[0], here.models[0]),
            "the candidate is another": (there.models[1], here.models[1]),
        }
        differ = [f"{what} ({a}, here {b})" for what, (a, b) in named.items() if a != b]
        why = "; ".join(differ) or "runtime, options, columns, metric or order of the rows differ"
        raise ConfigError(f"the shards belong to another evaluation than this gate's: {why}")


def merge(files: Sequence[Path]) -> Merged:
    """Check that `files` are all shards of one evaluation, each once and whole.

    Every file is read from end to end. Raises ConfigError that says what is wrong, of which file.
    """
    if not files:
        raise ConfigError("no shards: expected the files of `gate accuracy shard`")
    heads = [(file, check(file)) for file in files]
    first_file, first = heads[0]
    by_number: dict[int, Path] = {}
    for file, head in heads:
        _alike(first_file, first, file, head)
        if head.number in by_number:
            raise ConfigError(
                f"{file}: shard {head.place} is there twice, in {by_number[head.number]} too"
            )
        by_number[head.number] = file
    missing = [str(Place(i, first.of)) for i in range(1, first.of + 1) if i not in by_number]
    if missing:
        more = f" and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise ConfigError(f"missing: shard {', '.join(missing[:_LISTED])}{more}")
    ordered = tuple(by_number[number] for number in sorted(by_number))
    return Merged(first, ordered)


def _alike(first_file: Path, first: Header, file: Path, head: Header) -> None:
    """Raise ConfigError where two shards are not of one evaluation."""
    if head.of != first.of:
        raise ConfigError(
            f"{file}: is shard {head.place}, but {first_file} is shard {first.place}: they are "
            "cut differently"
        )
    if (head.job, head.blocks) != (first.job, first.blocks):
        raise ConfigError(f"{file}: belongs to another evaluation than {first_file}")
    if bool(head.processor) != bool(first.processor):
        exact, cut = (file, first_file) if head.processor else (first_file, file)
        raise ConfigError(
            f"{cut} was computed on a processor that cuts int8 sums at 16 bits, {exact} on one "
            "that does not: these are different answers; use one kind of processor for all shards"
        )
