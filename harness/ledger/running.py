"""Gates at work: they announce themselves, and are forgotten when they fall silent."""

from __future__ import annotations

import datetime as dt
from functools import cached_property

from sqlalchemy import bindparam, delete, select

from harness.ledger.database import Database, upsert
from harness.ledger.errors import Refused
from harness.ledger.intake import checked_digest, plain
from harness.ledger.lookup import Lookup
from harness.ledger.records import Running
from harness.ledger.reports import utc_now
from harness.ledger.tables import announcements

MAX_CHECKS = 1_000_000
MAX_TTL = 24 * 3600.0  # seconds
_ANNOUNCED = select(*(announcements.c[name] for name in Running.__dataclass_fields__)).where(
    announcements.c.digest == bindparam("digest"), announcements.c.policy == bindparam("policy")
)


class Announcements(Database):
    """What runs now."""

    def announce(
        self,
        digest: str,
        policy: str,
        name: str,
        done: int,
        total: int,
        publisher: str,
        ttl_s: float,
        *,
        now: dt.datetime | None = None,
    ) -> Running:
        """A gate judges `digest` and has done `done` of `total` checks; holds for `ttl_s` seconds.

        A later call renews it. Raises Refused for values that cannot be.
        """
        if not 0 <= done <= total <= MAX_CHECKS:
            raise Refused(f"{done} of {total} checks done", "expected 0 <= done <= total")
        if not 0 < ttl_s <= MAX_TTL:
            raise Refused(f"ttl: {ttl_s} s is not from 0 to {MAX_TTL:.0f} s")
        now = now or utc_now()
        key = checked_digest(digest), plain(policy, "policy")
        publisher = plain(publisher, "publisher")
        until = now + dt.timedelta(seconds=ttl_s)
        with self.writing() as connection:
            asked = dict(zip(("digest", "policy"), key, strict=True))
            known = connection.execute(_ANNOUNCED, asked).mappings().first()
            since = known["since"] if known is not None and known["until"] > now else now
            made = Running(*key, plain(name, "name"), done, total, publisher, since, until)
            connection.execute(delete(announcements).where(announcements.c.until <= now))
            row = {column: getattr(made, column) for column in announcements.c.keys()}
            put = upsert(connection, announcements).values(row)
            connection.execute(
                put.on_conflict_do_update(index_elements=["digest", "policy"], set_=row)
            )
        return made

    def withdraw(self, digest: str, policy: str) -> None:
        """The gate is not at work any more; nothing where it was not. Raises Refused."""
        key = checked_digest(digest)
        gone = announcements.c.digest == key, announcements.c.policy == policy
        with self.writing() as connection:
            connection.execute(delete(announcements).where(*gone))

    def running(
        self, digest: str, policy: str, *, now: dt.datetime | None = None
    ) -> Running | None:
        """The gate that judges `digest` under `policy` now, if one does. Raises Refused."""
        found = self.look_up(self._announced, digest=checked_digest(digest), policy=policy)
        made = [Running(*values) for values in found]
        return next((one for one in made if one.until > (now or utc_now())), None)

    @cached_property
    def _announced(self) -> Lookup:
        return Lookup(_ANNOUNCED, self._engine)
