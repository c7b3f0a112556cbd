"""The console's only way to the server: its HTTP API, over the network or in process alike."""

from __future__ import annotations

import asyncio
import hashlib
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from passalong.errors import PassalongError
from passalong_tui.answers.common import Page, Problem
from passalong_tui.answers.conversions import Case, Reported
from passalong_tui.answers.customers import Customer, CustomerDetail, Moment, Ranking, Signal
from passalong_tui.answers.leads import Erasure, ErasureRequest, Lead, LeadDetail
from passalong_tui.answers.mechanics import Course, Mechanic
from passalong_tui.answers.metric import Metric, Tail, Theater
from passalong_tui.answers.outbox import Endpoint, Job, OutboxStatus, Queued
from passalong_tui.answers.plays import LiveRule, Piece, Play, PlayReport, Rules
from passalong_tui.answers.reviews import Review
from passalong_tui.answers.settings import ApiKey, Brand, OwnKey, Settings
from passalong_tui.answers.shares import ListedShare, Node, Revocation, ShareDetail

T = TypeVar("T")

PAGE_SIZE = 200
PART_SIZE = 100
"""Of a list that is read as far as somebody looks, every few seconds anew."""
MOST_PLAYS = 1000
MOST_EVENTS = 200
MOST_OF_CUSTOMER = 400
"""Leads, plays, signals and moments of one customer: the newest of them."""
MOST_PIECES = 1000
MOST_REVIEWS = 24
"""The newest of them: whoever wants all asks the API."""
CONNECT_S = 4.0
ANSWER_S = 8.0
"""Longer than this and the server counts as lost; the last known numbers stay on the screen."""

_AWAY = {502, 503, 504}
NOT_THERE = 404
_UNKNOWN_KEY = "This key is not valid, or no longer. Leave (^q) and start again with PASSALONG_KEY=pak_…"


class Lost(PassalongError):
    """No answer: nothing listens there, it took too long, or it says itself that it cannot answer now."""


class Refusal(PassalongError):
    """The server answered no. `str()` is its sentence, `faults` says what is wrong with which field."""

    def __init__(self, status: int, sentence: str, faults: dict[str, str]) -> None:
        self.status = status
        self.faults = faults
        super().__init__(sentence)

    @property
    def forbidden(self) -> bool:
        return self.status == 403


class Client:
    """One server, one key. Every method raises Lost or Refusal, and nothing else that a server can cause."""

    def __init__(self, base_url: str, key: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = httpx2.AsyncClient(
            base_url=f"{self.base_url}/api/v1",
            headers={"authorization": f"Bearer {key}"},
            transport=transport,
            timeout=httpx2.Timeout(ANSWER_S, connect=CONNECT_S),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def metric(self, months: int = 12) -> Metric:
        return await self._get("/metric", Metric, months=months)

    async def mechanics(self) -> list[Mechanic]:
        return await self._all("/mechanics", Mechanic)

    async def mechanic(self, key: str) -> Mechanic:
        """One mechanic with its decisions."""
        return await self._get(f"/mechanics/{_part(key)}", Mechanic)

    async def course(self, key: str) -> Course:
        """What the verdict on a mechanic would have been, from its launch until now."""
        return await self._get(f"/mechanics/{_part(key)}/course", Course)

    async def customers(self) -> list[Customer]:
        return await self._all("/customers", Customer)

    async def customer(self, id: str) -> CustomerDetail:
        return await self._get(f"/customers/{_part(id)}", CustomerDetail)

    async def ranking(self, model: str | None, *, query: str = "", cursor: str | None = None) -> Ranking:
        """A page of customers by pipeline under a model (None: the one in use), of those that say `query`."""
        asked = {"model": model, "q": query, "cursor": cursor}
        params = {name: value for name, value in asked.items() if value}
        return await self._get("/attribution/customers", Ranking, limit=PAGE_SIZE, **params)

    async def timeline(self, customer: str, most: int = MOST_OF_CUSTOMER) -> list[Moment]:
        """What happened to a customer, newest first."""
        return await self._all(f"/customers/{_part(customer)}/timeline", Moment, most=most)

    async def metric_of(self, customer: str, months: int = 12) -> Metric:
        """The one number, of what one customer brought."""
        return await self._get("/metric", Metric, months=months, customer=customer)

    async def leads_of(self, customer: str) -> list[Lead]:
        """A customer's leads, newest first."""
        return await self._all("/leads", Lead, most=MOST_OF_CUSTOMER, customer=customer)

    async def plays_of(self, customer: str) -> list[Play]:
        return await self._all("/plays", Play, most=MOST_OF_CUSTOMER, customer=customer)

    async def signals_of(self, customer: str) -> list[Signal]:
        return await self._all("/signals", Signal, most=MOST_OF_CUSTOMER, customer=customer)

    async def pieces(self, customer: str | None = None) -> list[Piece]:
        """Pieces of advocacy, newest first, also those that were withdrawn."""
        whose = {"customer": customer} if customer else {}
        return await self._all("/advocacy", Piece, most=MOST_PIECES, withdrawn=True, **whose)

    async def withdraw_piece(self, id: str) -> Piece:
        return await self._send("DELETE", f"/advocacy/{_part(id)}", Piece)

    async def bring_back(self, piece: Piece, *, attempt: str) -> Piece:
        """A piece that was withdrawn stands again: it is reported anew, as it is."""
        body = {"customer": piece.customer, "kind": piece.kind, "title": piece.title}
        if piece.public_url is not None:
            body["public_url"] = piece.public_url
        return await self._post("/advocacy", Piece, body, attempt)

    async def leads(self, customer: str) -> list[Lead]:
        """A customer's leads, newest first."""
        return await self._all("/leads", Lead, customer=customer)

    async def lead(self, id: str) -> LeadDetail:
        return await self._get(f"/leads/{_part(id)}", LeadDetail)

    async def shares(
        self, *, q: str = "", state: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> Page[ListedShare]:
        """A page of all shares, newest first."""
        asked = {"q": q, "state": state, "cursor": cursor}
        return await self._get(
            "/shares", Page[ListedShare], limit=limit, **{name: value for name, value in asked.items() if value}
        )

    async def share(self, id: str) -> ShareDetail:
        return await self._get(f"/shares/{_part(id)}", ShareDetail)

    async def tree(self, share: str, *, depth: int | None = None, cursor: str | None = None) -> Page[Node]:
        """A share and what was passed along from it, breadth first, so many hops down (None: all)."""
        asked = {"depth": depth, "cursor": cursor}
        return await self._get(
            f"/shares/{_part(share)}/tree",
            Page[Node],
            limit=PAGE_SIZE,
            **{name: value for name, value in asked.items() if value},
        )

    async def revoke(self, share: str, *, attempt: str) -> Revocation:
        return await self._post(f"/shares/{_part(share)}/revoke", Revocation, {}, attempt)

    async def leads_found(self, search: str, cursor: str | None) -> Page[Lead]:
        """A page of leads, newest first. To search, a key has to be an admin's."""
        return await self._page("/leads", Page[Lead], {"q": search, "cursor": cursor})

    async def erase(self, lead: str) -> Erasure:
        return await self._send("DELETE", f"/leads/{_part(lead)}", Erasure)

    async def asked_to_be_erased(self) -> int:
        """How many people wait for an admin to erase them, as far as a page goes. A server of before knows none."""
        try:
            return len((await self._get("/erasures", Page[ErasureRequest], limit=PAGE_SIZE)).items)
        except Refusal as refused:
            if refused.status == NOT_THERE:
                return 0
            raise

    async def conversions_found(
        self, search: str, cursor: str | None, *, kind: str | None, attributed: bool | None
    ) -> Page[Reported]:
        """A page of conversions, newest first: of a kind, with or without a customer's name, or of any."""
        named = None if attributed is None else str(attributed).lower()
        asked = {"q": search, "cursor": cursor, "kind": kind, "attributed": named}
        return await self._page("/conversions", Page[Reported], asked)

    async def conversion(self, id: str) -> Case:
        return await self._get(f"/conversions/{_part(id)}", Case)

    async def override(
        self, id: str, *, customer: str | None, mechanic: str | None, reason: str, by: str, attempt: str
    ) -> Case:
        """Credits all of a conversion to one customer, or (None) to nobody."""
        body = {"customer": customer, "mechanic": mechanic, "reason": reason, "by": by}
        return await self._post(f"/conversions/{_part(id)}/override", Case, body, attempt)

    async def withdraw(self, id: str, *, reason: str, by: str, attempt: str) -> Case:
        """Lets the evidence speak again."""
        body = {"withdraw": True, "reason": reason, "by": by}
        return await self._post(f"/conversions/{_part(id)}/override", Case, body, attempt)

    async def events(self, after: int | None, *, wait_s: float, limit: int = MOST_EVENTS) -> Tail:
        """What happened after a seq; waits up to `wait_s` seconds for the first. None: the newest."""
        params: dict[str, Any] = {"limit": limit, "wait": wait_s} | ({} if after is None else {"after": after})
        return await self._send("GET", "/events", Tail, timeout_s=ANSWER_S + wait_s, params=params)

    async def kill(
        self, key: str, *, reason: str, by: str, fallback: str, redirect_url: str | None, attempt: str
    ) -> Mechanic:
        """Kills a mechanic and gives it as it is now. `attempt` names the intention: sent twice, it is done once."""
        body = {"reason": reason, "by": by, "fallback": fallback}
        if redirect_url:
            body["redirect_url"] = redirect_url
        return await self._decide(key, "kill", body, attempt)

    async def revive(self, key: str, *, reason: str, by: str, attempt: str) -> Mechanic:
        return await self._decide(key, "revive", {"reason": reason, "by": by}, attempt)

    async def keep(self, key: str, *, reason: str, by: str, attempt: str) -> Mechanic:
        return await self._decide(key, "keep", {"reason": reason, "by": by}, attempt)

    async def pause(self, key: str, *, reason: str, by: str, attempt: str) -> Mechanic:
        return await self._decide(key, "pause", {"reason": reason, "by": by}, attempt)

    async def resume(self, key: str, *, reason: str, by: str, attempt: str) -> Mechanic:
        return await self._decide(key, "resume", {"reason": reason, "by": by}, attempt)

    async def theater(self) -> Theater:
        return await self._get("/theater", Theater)

    async def plays(self, state: str | None) -> list[Play]:
        """Plays in a state (None: in any), newest first, and no more than MOST_PLAYS of them."""
        return await self._all("/plays", Play, most=MOST_PLAYS, **({"state": state} if state else {}))

    async def play_report(self) -> PlayReport:
        return await self._get("/plays/report", PlayReport)

    async def rules(self) -> list[LiveRule]:
        return (await self._get("/rules", Rules)).items

    async def close_play(self, id: str, *, result: str, note: str, by: str, attempt: str) -> Play:
        body = {"result": result, "note": note, "by": by}
        return await self._post(f"/plays/{_part(id)}/outcome", Play, body, attempt)

    async def assign_play(self, id: str, *, owner: str, attempt: str) -> Play:
        return await self._post(f"/plays/{_part(id)}/owner", Play, {"owner": owner}, attempt)

    async def reviews(self) -> list[Review]:
        """The latest first, and no more than MOST_REVIEWS of them."""
        return await self._all("/reviews", Review, most=MOST_REVIEWS)

    async def hold_review(
        self, *, month: str, by: str, note: str, decisions: list[dict[str, Any]], attempt: str
    ) -> Review:
        body = {"month": month, "by": by, "note": note, "decisions": decisions}
        return await self._post("/reviews", Review, body, attempt)

    async def role(self) -> str:
        """What the key may do."""
        return (await self._get("/key", OwnKey)).role

    async def jobs(self, state: str | None, *, search: str = "", cursor: str | None = None) -> Page[Job]:
        """Jobs in a state (None: in any) that say something, the newest first, from a cursor on."""
        asked = {"state": state, "q": search, "cursor": cursor, "limit": PAGE_SIZE}
        return await self._send("GET", "/outbox", Page[Job], params={name: v for name, v in asked.items() if v})

    async def outbox(self) -> OutboxStatus:
        return await self._get("/outbox/status", OutboxStatus)

    async def endpoints(self) -> list[Endpoint]:
        """Of webhooks; for admins alone."""
        return await self._all("/webhooks", Endpoint)

    async def retry_job(self, id: str, *, attempt: str) -> Job:
        return await self._post(f"/outbox/{_part(id)}/retry", Job, {}, attempt)

    async def skip_job(self, id: str, *, reason: str, attempt: str) -> Job:
        return await self._post(f"/outbox/{_part(id)}/skip", Job, {"reason": reason}, attempt)

    async def retry_failed(self, *, attempt: str) -> int:
        """Tries again whatever has failed, wherever it goes; gives how many jobs."""
        return (await self._post("/outbox/resend", Queued, {}, attempt)).queued

    async def resend_to_crm(self, *, attempt: str) -> int:
        """Sends what HubSpot lacks, has changed or has refused; gives how many jobs."""
        return (await self._post("/outbox/resend", Queued, {"destination": "hubspot", "crm": True}, attempt)).queued

    async def resume_way(self, destination: str, *, attempt: str) -> OutboxStatus:
        return await self._post("/outbox/resume", OutboxStatus, {"destination": destination}, attempt)

    async def settings(self) -> Settings:
        """What is in force; for admins alone."""
        told = await self._get("/settings", dict[str, Any])
        try:
            return msgspec.convert({**told, "entries": told}, Settings)
        except msgspec.ValidationError as error:
            raise Refusal(200, self._strange, {}) from error

    async def brands(self) -> list[Brand]:
        return await self._all("/brands", Brand)

    async def keys(self) -> list[ApiKey]:
        """All API keys, revoked ones among them; for admins alone."""
        return await self._all("/keys", ApiKey)

    async def make_key(self, *, name: str, role: str, attempt: str) -> ApiKey:
        return await self._post("/keys", ApiKey, {"name": name, "role": role}, attempt)

    async def revoke_key(self, id: str, *, attempt: str) -> ApiKey:
        return await self._post(f"/keys/{_part(id)}/revoke", ApiKey, {}, attempt)

    async def _decide(self, key: str, what: str, body: dict[str, str], attempt: str) -> Mechanic:
        return await self._post(f"/mechanics/{_part(key)}/{what}", Mechanic, body, attempt)

    async def _post(self, path: str, kind: type[T], body: dict[str, Any], attempt: str) -> T:
        # A corrected form is another request, so the name covers the body too.
        name = hashlib.sha256(attempt.encode() + msgspec.json.encode(body)).hexdigest()
        return await self._send("POST", path, kind, json=body, headers={"idempotency-key": name})

    async def _all(self, path: str, kind: type[T], most: int | None = None, **params: Any) -> list[T]:
        """Every entry of a list, page after page; or the first `most` of them."""
        found: list[T] = []
        cursor: str | None = None
        while True:
            asked = {**params, "limit": min(PAGE_SIZE, most or PAGE_SIZE)} | ({"cursor": cursor} if cursor else {})
            page: Page[T] = await self._send("GET", path, Page[kind], params=asked)  # type: ignore[valid-type]
            found += page.items
            cursor = page.next_cursor
            if cursor is None or (most is not None and len(found) >= most):
                return found[:most]

    async def _page(self, path: str, kind: type[Page[T]], asked: dict[str, str | None]) -> Page[T]:
        """One page of a list, by whatever is asked for."""
        params = {"limit": PART_SIZE} | {name: value for name, value in asked.items() if value}
        return await self._send("GET", path, kind, params=params)

    async def _get(self, path: str, kind: type[T], **params: Any) -> T:
        return await self._send("GET", path, kind, params=params)

    async def _send(self, method: str, path: str, kind: type[T], *, timeout_s: float = ANSWER_S, **more: Any) -> T:
        try:
            # In process no socket times out, so the limit on the whole is kept here.
            async with asyncio.timeout(timeout_s + CONNECT_S):
                answer = await self._http.request(
                    method, path, timeout=httpx2.Timeout(timeout_s, connect=CONNECT_S), **more
                )
        except (httpx2.TransportError, TimeoutError) as error:
            raise Lost(f"No answer from {self.base_url}.") from error
        except (httpx2.InvalidURL, httpx2.RequestError) as error:
            raise Lost(f"{self.base_url} cannot be asked: {error}") from error
        if answer.status_code in _AWAY:
            raise Lost(_problem(answer).detail or f"{self.base_url} cannot answer now ({answer.status_code}).")
        if not answer.is_success:
            problem = _problem(answer)
            faults = {fault.field: fault.message for fault in problem.faults}
            unknown = _UNKNOWN_KEY if answer.status_code == 401 else None
            sentence = unknown or problem.detail or f"{self.base_url} answered {answer.status_code} without saying why."
            raise Refusal(answer.status_code, sentence, faults)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Refusal(answer.status_code, self._strange, {}) from error

    @property
    def _strange(self) -> str:
        return f"{self.base_url} answers, but not as a Passalong server of this version does."


def _problem(answer: httpx2.Response) -> Problem:
    try:
        return msgspec.json.decode(answer.content, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Problem()


def _part(id: str) -> str:
    return quote(id, safe="")
