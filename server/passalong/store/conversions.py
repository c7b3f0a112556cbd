"""Conversions as they are stored: listed, one by one, and all there is to argue about each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import msgspec
from msgspec import Struct

from passalong.domain.attribution import Credit, Override, Touchpoint
from passalong.domain.money import Money
from passalong.errors import NotFound
from passalong.store.catalog import Catalog
from passalong.store.db import Database, Row, Transaction
from passalong.store.searching import conversion_matches, wanted
from passalong.store.touchpoints import Contact, Touchpoints, Traces


class Conversion(Struct, kw_only=True):
    """A conversion as stored, with its present credits; without any, `unattributed_reason` says why.

    `deal` is the CRM's id of it, if it came from there; `withdrawn` says that the CRM has taken it back.
    """

    id: str
    external_id: str
    kind: str
    occurred_at_ms: int
    day: int
    amount_minor: int | None
    currency: str | None
    company_domain: str | None
    unattributed_reason: str | None
    version: int
    model: str
    window_days: int
    heard_from: str | None
    click_fault: str | None
    deal: str | None
    sample: bool
    withdrawn: bool = False
    credits: list[Credit] = []

    @property
    def amount(self) -> Money | None:
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)


class Evaluation(Struct, kw_only=True):
    """A version of a conversion's credits: when it was made, why, and under which rule."""

    version: int
    at_ms: int
    cause: str
    model: str
    window_days: int
    amount_minor: int | None
    currency: str | None
    unattributed_reason: str | None
    credits: list[Credit]


class Case(Struct, kw_only=True):
    """All there is to argue about: the traces reported, the touchpoints they lead to, decisions oldest first."""

    conversion: Conversion
    traces: Traces
    touchpoints: list[Touchpoint]
    overrides: list[Override]

    @property
    def standing(self) -> Override | None:
        """The decision that holds, unless it was withdrawn."""
        newest = self.overrides[-1] if self.overrides else None
        return newest if newest and not newest.withdrawn else None


Read = Callable[[str, Sequence[object]], Awaitable[list[Row]]]
"""Rows of a statement: from the connection that reads, or within a transaction."""


class Conversions:
    def __init__(self, db: Database, catalog: Catalog, touchpoints: Touchpoints) -> None:
        self._db = db
        self._catalog = catalog
        self._touchpoints = touchpoints

    async def count(self) -> int:
        row = await self._db.read_one("SELECT count(*) AS n FROM conversions")
        return int(row["n"]) if row else 0

    async def page(
        self,
        *,
        limit: int,
        before: tuple[int, str] | None,
        kind: str | None = None,
        attributed: bool | None = None,
        customer: str | None = None,
        search: str | None = None,
        people: bool = False,
    ) -> list[Conversion]:
        """Conversions, newest first, from below the (occurred_at_ms, id) `before`; with `customer` those credited to
        it. `search` looks in what they are known by and whose they are, with `people` also in who their people are."""
        where, params = ["true"], []  # type: tuple[list[str], list[object]]
        if before is not None:
            where.append("(occurred_at_ms, id) < (?, ?)")
            params += before
        if kind is not None:
            where.append("kind = ?")
            params.append(kind)
        if attributed is not None:
            where.append("attributed = ?")
            params.append(attributed)
        if customer is not None:
            where.append("id IN (SELECT conversion FROM credits WHERE customer = ?)")
            params.append(customer)
        if search:
            condition, values = conversion_matches(await wanted(self._db, self._catalog, search, people=people))
            where.append(condition)
            params += values
        read = self._db.report if search else self._db.read
        rows = await read(
            f"SELECT * FROM conversions WHERE {' AND '.join(where)} ORDER BY occurred_at_ms DESC, id DESC LIMIT ?",
            [*params, limit],
        )
        return await self._with_credits(rows)

    async def case(self, id: str, tx: Transaction | None = None) -> Case:
        """Everything about one conversion, of this moment or within a transaction; raises NotFound."""
        read: Read = tx.all if tx is not None else self._db.read
        found = await self.cases(read, await read("SELECT * FROM conversions WHERE id = ?", (id,)))
        if not found:
            raise NotFound(f"There is no conversion {id}.")
        return found[0]

    async def evaluations(self, id: str) -> list[Evaluation]:
        """The versions of a conversion's credits, oldest first."""
        rows = await self._db.read("SELECT * FROM evaluations WHERE conversion = ? ORDER BY version", (id,))
        return [
            msgspec.convert({**dict(row), "credits": msgspec.json.decode(row["credits"])}, Evaluation) for row in rows
        ]

    async def of_lead(self, lead: str) -> list[Conversion]:
        return await self._of("lead", lead)

    async def of_customer(self, customer: str) -> list[Conversion]:
        """What this customer is credited for, newest first, two hundred at most."""
        return await self._of("customer", customer)

    async def _of(self, column: str, value: str) -> list[Conversion]:
        rows = await self._db.read(
            f"""SELECT DISTINCT v.* FROM conversions v JOIN credits c ON c.conversion = v.id
                WHERE c.{column} = ? ORDER BY v.occurred_at_ms DESC LIMIT 200""",
            (value,),
        )
        return await self._with_credits(rows)

    async def _with_credits(self, rows: Sequence[Row]) -> list[Conversion]:
        return [case.conversion for case in await self.cases(self._db.read, rows)]

    async def cases(self, read: Read, rows: Sequence[Row]) -> list[Case]:
        """All that belongs to some conversions, in four questions whatever their number."""
        ids = msgspec.json.encode([row["id"] for row in rows]).decode()

        async def belonging(table: str, order: str) -> dict[str, list[Row]]:
            of: dict[str, list[Row]] = defaultdict(list)
            sql = f"SELECT t.* FROM json_each(?) asked JOIN {table} t ON t.conversion = asked.value ORDER BY t.{order}"
            for row in await read(sql, (ids,)):
                of[row["conversion"]].append(row)
            return of

        credits = await belonging("credits", "place")
        contacts = await belonging("contacts", "place")
        touches = await belonging("touchpoints", "place")
        overrides = await belonging("overrides", "id")
        cases = []
        for row in rows:
            conversion = msgspec.convert(dict(row), Conversion, strict=False)
            conversion.credits = [msgspec.convert(dict(credit), Credit) for credit in credits[conversion.id]]
            traces = Traces(
                occurred_at_ms=conversion.occurred_at_ms,
                contacts=tuple(msgspec.convert(dict(contact), Contact) for contact in contacts[conversion.id]),
                company_domain=conversion.company_domain,
                heard_from=conversion.heard_from,
                click_fault=conversion.click_fault,
            )
            cases.append(
                Case(
                    conversion=conversion,
                    traces=traces,
                    touchpoints=[self._touchpoints.built(dict(touch)) for touch in touches[conversion.id]],
                    overrides=[self._override(override) for override in overrides[conversion.id]],
                )
            )
        return cases

    def _override(self, row: Row) -> Override:
        known = self._catalog.customers.get(row["customer"] or "")
        return msgspec.convert({**dict(row), "customer_name": known.name if known else ""}, Override, strict=False)
