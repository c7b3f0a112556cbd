"""What the doors need, wired once in `app.py` and handed to every handler as `services`."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.di import NamedDependency

from passalong.domain.instant import Calendar, Clock
from passalong.domain.token import Keyring
from passalong.meters import Meters
from passalong.settings import Settings
from passalong.store.advocacy import Advocacy
from passalong.store.aftermath import Aftermath
from passalong.store.audit import Audit
from passalong.store.catalog import Catalog
from passalong.store.conversions import Conversions
from passalong.store.courses import Courses
from passalong.store.crm import Crm
from passalong.store.db import Database
from passalong.store.decisions import Decisions
from passalong.store.dismissals import Dismissals
from passalong.store.erasures import Erasures
from passalong.store.files import FileStore
from passalong.store.idempotency import Idempotency
from passalong.store.invitations import Invitations
from passalong.store.keys import Keys
from passalong.store.leads import Leads
from passalong.store.ledger import Ledger
from passalong.store.metric import Metrics
from passalong.store.monthly import MonthlyReviews
from passalong.store.outbox import Outbox
from passalong.store.people import People
from passalong.store.pipeline import Pipeline
from passalong.store.play_reports import PlayReports
from passalong.store.plays import Plays
from passalong.store.ranking import Rankings
from passalong.store.receipts import Receipts
from passalong.store.rehearsal import Rehearsals
from passalong.store.reports import Reports
from passalong.store.retention import Keeper
from passalong.store.shares import Shares
from passalong.store.signals import Signals
from passalong.store.standing import Standings
from passalong.store.theater import Theater
from passalong.store.timeline import Timelines
from passalong.store.verdicts import Verdicts
from passalong.web.limits import Limiter
from passalong.web.render import Renderer
from passalong.web.unfurl.cards import Cards
from passalong.web.viewer.link import Links
from passalong.web.viewer.pages import Pages
from passalong.web.viewer.record import Recorder
from passalong.web.viewer.refusals import Refusals
from passalong.web.visitor import Visitors


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    clock: Clock
    calendar: Calendar
    keyring: Keyring
    db: Database
    files: FileStore
    catalog: Catalog
    ledger: Ledger
    leads: Leads
    people: People
    conversions: Conversions
    pipeline: Pipeline
    outbox: Outbox
    crm: Crm
    standings: Standings
    metrics: Metrics
    reports: Reports
    rankings: Rankings
    timelines: Timelines
    verdicts: Verdicts
    courses: Courses
    decisions: Decisions
    aftermath: Aftermath
    theater: Theater
    shares: Shares
    receipts: Receipts
    advocacy: Advocacy
    monthly: MonthlyReviews
    idempotency: Idempotency
    links: Links
    visitors: Visitors
    renderer: Renderer
    pages: Pages
    refusals: Refusals
    recorder: Recorder
    submissions: Limiter
    upgrades: Limiter
    """One click of each form, however often it is sent."""
    cards: Cards
    signals: Signals
    plays: Plays
    play_reports: PlayReports
    rehearsals: Rehearsals
    invitations: Invitations
    erasures: Erasures
    dismissals: Dismissals
    keys: Keys
    meters: Meters | None
    """None unless somebody is to be told."""
    audit: Audit
    keeper: Keeper


FromServices = NamedDependency[Services]
