"""What is told outside: what waits on each way, what was refused and in which words, and where HubSpot differs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.common import Page as Answer
from passalong_tui.answers.outbox import Job
from passalong_tui.client import Client, Lost, Refusal
from passalong_tui.commands import ADMIN, INTEGRATIONS, bindings
from passalong_tui.messages import Fact, OutboxFetched
from passalong_tui.screens.feed import FeedPage
from passalong_tui.screens.ways import lines, sendable
from passalong_tui.widgets.listing import Column, Listing
from passalong_tui.words import JOB_STATES, JOB_TONES, NOTHING, WAYS, ago, counted, said, soon, stamp

STATES: tuple[str | None, ...] = ("failed", "pending", "sent", "skipped", None)
"""What the table shows, one after the other; None stands for all."""
EMPTY = {
    "failed": "Nothing has failed. f shows what is pending, what was sent, and what was skipped.",
    "pending": "Nothing waits to be told.",
    "sent": "Nothing was told in the last ninety days.",
    "skipped": "Nothing was given up.",
}
_DONE = {"failed": "given up", "skipped": "skipped", "sent": "sent"}
UNCONNECTED = (
    "Nothing is told to anybody yet. For HubSpot set hubspot.token in passalong.toml (or PASSALONG_HUBSPOT__TOKEN) "
    "and restart the server. For webhooks PUT /api/v1/webhooks/{id} with a url and topics. For letters set mail.host "
    "and mail.sender."
)


def way_of(job: Job) -> str:
    """Where it goes; of webhooks the endpoint, by the name that somebody has given it."""
    return job.endpoint or said(WAYS, job.destination)


def when(job: Job) -> str:
    """When it is due or was done."""
    if job.state == "pending":
        return soon(job.due_at)
    return ago(job.done_at or job.created_at)


def moment(job: Job) -> datetime:
    return job.done_at or job.created_at


COLUMNS: tuple[Column[Job], ...] = (
    Column(key="way", label="To", cell=lambda j, w: way_of(j), order=lambda j: safe.clean(way_of(j)).casefold(),
           width=12),
    Column(key="topic", label="Topic", cell=lambda j, w: j.topic, order=lambda j: j.topic, width=19, drop=2),
    Column(key="subject", label="About", cell=lambda j, w: j.subject, order=lambda j: j.subject, width=14, drop=3),
    Column(key="state", label="State", cell=lambda j, w: said(JOB_STATES, j.state), order=lambda j: j.state, width=10,
           tone=lambda j: JOB_TONES.get(j.state, "")),
    Column(key="attempts", label="Tries", cell=lambda j, w: f"{j.attempts:,}", order=lambda j: j.attempts, width=7,
           right=True, drop=4),
    Column(key="when", label="When", cell=lambda j, w: when(j), order=moment, width=12, right=True),
    Column(key="reason", label="Reason", least=20, cell=lambda j, w: j.reason or NOTHING,
           order=lambda j: safe.clean(j.reason).casefold()),
)  # fmt: skip


class IntegrationsScreen(FeedPage[Job]):
    NAME = TAB = INTEGRATIONS
    QUESTION = "What reaches HubSpot and the webhooks?"
    THINGS = "jobs"
    CSS_PATH = "integrations.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(INTEGRATIONS)]

    _state: str | None = "failed"
    """Which jobs are shown."""

    def body(self) -> ComposeResult:
        yield Static(Content(""), id="ways")
        with Container(classes="pair"):
            yield Listing(
                COLUMNS,
                key=lambda j: j.id,
                found_by=lambda j: f"{j.topic} {j.subject} {j.endpoint or ''} {j.reason or ''}",
                empty="",
                order="when",
                copies=lambda j: j.reason or j.subject,
            )
            with VerticalScroll(classes="detail"):
                yield Static(Content(""), id="job")

    def on_mount(self) -> None:
        chosen = self.console.remembered.choices.get(self.NAME, "failed")
        self._state = chosen if chosen in STATES else None

    @property
    def asked(self) -> tuple[object, ...]:
        return (self._state, self.search)

    async def read(self, client: Client, search: str, cursor: str | None) -> Answer[Job]:
        return await client.jobs(self._state, search=search, cursor=cursor)

    async def fetch(self, client: Client) -> list[Fact]:
        facts, status = await asyncio.gather(super().fetch(client), client.outbox())
        endpoints = await client.endpoints() if self.known.role == ADMIN else None
        return [OutboxFetched(status, endpoints), *facts]

    def draw(self) -> None:
        self.query_one(Listing).explain_empty(self._nothing())
        super().draw()
        if self.known.outbox is not None:
            may = self.known.may(ADMIN)
            told = lines(self.known.outbox, self.known.endpoints, wide=self.size.width >= 120, acts=may)
            self.query_one("#ways", Static).update(told)
            self.rebind(self._standing_now())

    def headline(self) -> Content:
        which = f"jobs: {said(JOB_STATES, self._state)}" if self._state else "jobs: in any state"
        how_many = f", {extent}" if (extent := self._extent()) else ""
        return Content.assemble(self.QUESTION, (f"   {which}{how_many}", "$quiet"))

    def _nothing(self) -> str:
        """What an empty table says."""
        status = self.known.outbox
        idle = status is not None and not any(way.pending or way.sending or way.failed for way in status.destinations)
        if idle and status is not None and not status.crm.connected and not self.known.endpoints:
            return UNCONNECTED
        return EMPTY.get(self._state or "", "There is no job at all.")

    @on(OutboxFetched)
    def _status_fetched(self) -> None:
        self.draw()

    @property
    def job(self) -> Job | None:
        """The one under the cursor; none before the screen is composed."""
        listings = self.query(Listing)
        current: Job | None = listings.first().current if listings else None
        return current

    @on(Listing.Moved)
    def _moved(self) -> None:
        job = self.job
        self.query_one(".detail").display = job is not None
        if job is not None:
            self.query_one("#job", Static).update(told_of(job))
        self.rebind(self._standing_now())

    def _standing_now(self) -> object:
        """What the commands depend on."""
        status, job = self.known.outbox, self.job
        about = (job.state, job.destination) if job is not None else None
        return about, status and (self._failed, bool(status.paused), sendable(status.crm.differences))

    @property
    def _failed(self) -> int:
        return sum(way.failed for way in self.known.outbox.destinations) if self.known.outbox else 0

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What changes something is hidden from keys that may not, and greyed where it makes no sense."""
        sensible: dict[str, Callable[[], bool]] = {
            "retry": lambda: self.job is not None and self.job.state != "sending",
            "skip": lambda: self.job is not None and self.job.state in ("pending", "failed"),
            "retry_all": lambda: self._failed > 0,
            "resend": lambda: self.known.outbox is not None and self.known.outbox.crm.connected,
            "resume": lambda: self.known.outbox is not None and bool(self.known.outbox.paused),
        }
        if action not in sensible:
            return True
        if not self.known.may(ADMIN):
            return False
        return True if sensible[action]() else None

    def action_next_state(self) -> None:
        self._state = STATES[(STATES.index(self._state) + 1) % len(STATES)]
        self.console.remembered.choices[self.NAME] = self._state or ""
        self._entries, self._cursor = None, None
        self.draw()
        self.begin()

    def action_differences(self) -> None:
        from passalong_tui.screens.differences import DifferencesScreen

        self.app.push_screen(DifferencesScreen())

    def action_retry(self) -> None:
        from passalong_tui.screens.delivery import SendOnceMoreDialog

        if self.job is not None and self.job.state == "sent":
            self.app.push_screen(SendOnceMoreDialog(self.job), self._changed)
        elif self.job is not None:
            self._retry(self.job)

    @work(group="retry")
    async def _retry(self, job: Job) -> None:
        """Safe without a question: a job that has not arrived can arrive but once."""
        try:
            again = await self.console.client.retry_job(job.id, attempt=secrets.token_hex(16))
        except (Lost, Refusal) as error:
            self.console.say(str(error), "error")
        else:
            self.console.say(f"{again.topic} to {way_of(again)} waits to be sent again.")
            self._changed(again)

    def action_skip(self) -> None:
        from passalong_tui.screens.delivery import SkipDialog

        if self.job is not None:
            self.app.push_screen(SkipDialog(self.job), self._skipped)

    def action_retry_all(self) -> None:
        from passalong_tui.screens.delivery import RetryAllDialog

        if self.known.outbox is not None:
            self.app.push_screen(RetryAllDialog(self.known.outbox), self._queued)

    def action_resend(self) -> None:
        from passalong_tui.screens.delivery import ResendDialog

        if self.known.outbox is not None:
            self.app.push_screen(ResendDialog(self.known.outbox), self._queued)

    def action_resume(self) -> None:
        from passalong_tui.screens.delivery import ResumeDialog

        status, job = self.known.outbox, self.job
        if status is not None and status.paused:
            # The one that the job under the cursor waits for, else the first.
            paused = [way for way in status.paused if job is not None and way.destination == job.destination]
            self.app.push_screen(ResumeDialog((paused or status.paused)[0]), lambda done: self.load())

    def _skipped(self, job: Job | None) -> None:
        if job is not None:
            self.console.offer_undo(f"{job.topic} to {way_of(job)} is given up.", lambda: self._retry(job))
            self._changed(job)

    def _changed(self, job: Job | None) -> None:
        """Shows what was done at once, without waiting for the next reading."""
        if job is not None and self._entries is not None:
            stays = self._state in (None, job.state)
            self._entries = [job if e.id == job.id else e for e in self._entries if e.id != job.id or stays]
            self.draw()
            self.load()

    def _queued(self, queued: int | None) -> None:
        if queued is not None:
            self.console.say(f"{counted(queued, 'job')} waiting again." if queued else "There was nothing to send.")
            self.load()


def told_of(job: Job) -> Content:
    """The job with its whole reason. What it will say is read when it is sent, so there is nothing of it to show."""
    parts: list[str | tuple[str, str]] = [
        (f"{said(JOB_STATES, job.state)} ", "bold"),
        (f"{safe.line(job.topic, 40)} to {safe.line(way_of(job), 60)}", "bold"),
        "\n",
        ("about ", "$quiet"),
        safe.line(job.subject, 80),
        "\n\n",
    ]
    if job.reason:
        label = {"failed": "Refused: ", "skipped": "Skipped: "}.get(job.state, "Last refusal: ")
        parts += [(label, "bold $accent"), safe.line(job.reason), "\n\n"]
    parts.append((f"Came {stamp(job.created_at)}; {counted(job.attempts, 'try', 'tries')}", "$quiet"))
    if job.state == "pending":
        parts.append((f"; due {soon(job.due_at)}", "$quiet"))
    elif job.done_at is not None:
        parts.append((f"; {_DONE.get(job.state, 'done')} {stamp(job.done_at)}", "$quiet"))
    parts.append((".", "$quiet"))
    return Content.assemble(*parts)
