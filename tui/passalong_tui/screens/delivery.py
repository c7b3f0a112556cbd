"""The dialogs in which an admin moves jobs on: again, given up, all at once, or after a pause."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from passalong_tui import safe
from passalong_tui.answers.outbox import Job, OutboxStatus, Way
from passalong_tui.client import Client
from passalong_tui.screens.dialog import Dialog, Line
from passalong_tui.screens.ways import sendable, told
from passalong_tui.words import WAYS, clock, counted, said, stamp

WHY = Line("reason", "Reason", "Why it need not be told; kept with the job", "Say why, in a few words.")


class JobDialog(Dialog[Job]):
    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job

    @property
    def subject(self) -> str:
        return self.job.id

    def about(self, verb: str) -> ComposeResult:
        where = safe.line(self.job.endpoint or said(WAYS, self.job.destination), 40)
        yield Static(Content.assemble(f"{verb}: ", (f"{safe.line(self.job.topic, 40)} to {where}", "bold")), id="title")
        if self.job.reason:
            yield Static(Content.assemble(("Last refusal: ", "bold"), safe.line(self.job.reason, 300)), classes="said")


class SendOnceMoreDialog(JobDialog):
    """For what was told already: whoever hears it may hear it twice."""

    SEND = "Send it once more"
    LINES: ClassVar[tuple[Line, ...]] = ()

    def explain(self) -> ComposeResult:
        yield from self.about("Send once more")
        done = f" on {stamp(self.job.done_at)}" if self.job.done_at else ""
        yield Static(Content(f"It was told{done}, and goes out again under the same id."), classes="aside")

    async def send(self, client: Client, attempt: str) -> Job:
        return await client.retry_job(self.job.id, attempt=attempt)


class SkipDialog(JobDialog):
    SEND = "Give it up"
    LINES: ClassVar[tuple[Line, ...]] = (WHY,)

    def explain(self) -> ComposeResult:
        yield from self.about("Skip")
        yield Static(Content("It is not sent. Trying it again undoes this."), classes="aside")

    async def send(self, client: Client, attempt: str) -> Job:
        return await client.skip_job(self.job.id, reason=self.value("reason"), attempt=attempt)


class RetryAllDialog(Dialog[int]):
    SEND = "Try them again"
    LINES: ClassVar[tuple[Line, ...]] = ()

    def __init__(self, status: OutboxStatus) -> None:
        super().__init__()
        self.status = status

    def explain(self) -> ComposeResult:
        failed = {said(WAYS, way.destination): way.failed for way in self.status.destinations if way.failed}
        total = sum(failed.values())
        yield Static(Content.assemble("Try ", (counted(total, "failed job"), "bold"), " again?"), id="title")
        yield Static(Content(", ".join(f"{name} {n:,}" for name, n in failed.items())), classes="said")
        yield Static(Content("Whatever caused the refusals should be mended first."), classes="aside")

    async def send(self, client: Client, attempt: str) -> int:
        return await client.retry_failed(attempt=attempt)


class ResendDialog(Dialog[int]):
    SEND = "Send them"
    LINES: ClassVar[tuple[Line, ...]] = ()

    def __init__(self, status: OutboxStatus) -> None:
        super().__init__()
        self.status = status

    def explain(self) -> ComposeResult:
        failed = sum(way.failed for way in self.status.destinations if way.destination == "hubspot")
        n = sendable(self.status.crm.differences)
        yield Static(Content.assemble("Send ", (counted(n, "record"), "bold"), " to HubSpot?"), id="title")
        sentence = told(self.status.crm.differences) or "Nothing differs, as far as was compared."
        yield Static(Content(sentence), classes="said")
        again = f" {counted(failed, 'failed job')} to HubSpot {'is' if failed == 1 else 'are'} tried again, too."
        over = "What was written by us and changed there is written over; a first touch of others never is."
        yield Static(Content(f"{over}{again if failed else ''}"), classes="aside")

    async def send(self, client: Client, attempt: str) -> int:
        return await client.resend_to_crm(attempt=attempt)


class ResumeDialog(Dialog[OutboxStatus]):
    SEND = "End the pause"
    LINES: ClassVar[tuple[Line, ...]] = ()

    def __init__(self, way: Way) -> None:
        super().__init__()
        self.way = way

    def explain(self) -> ComposeResult:
        yield Static(Content.assemble("Send to ", (said(WAYS, self.way.destination), "bold"), " again?"), id="title")
        until = f" until {clock(self.way.paused_until)}" if self.way.paused_until else ""
        yield Static(Content(f"It is paused{until}: {safe.line(self.way.pause_reason, 300)}"), classes="said")
        yield Static(Content("If it refuses once more, it is paused again."), classes="aside")

    async def send(self, client: Client, attempt: str) -> OutboxStatus:
        return await client.resume_way(self.way.destination, attempt=attempt)
