"""Letters: handed over once, tried again as long as there is hope, and never a way for anybody to write their own."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commands import run
from factories import Server, eventually, mechanic, settings_for
from passalong import mail as mail_package
from passalong.app import opened, outside, wire
from passalong.domain.delivery import Destination, Job
from passalong.domain.instant import DAY_MS, at, month_name, months_back, ms_of
from passalong.domain.letter import Letter, address_in
from passalong.errors import Unusable
from passalong.mail.carrier import LOCKED_OUT_MS, WAITS_MS, MailCarrier
from passalong.mail.message import packed
from passalong.mail.review import REVIEW
from passalong.settings import Mail, Settings, checked
from passalong.web.services import Services
from postoffice import PostOffice
from serving import Clock, serving

SENDER = "Acme <hello@acme.example>"
LETTER = Letter(to="Ann <ann@umbrella.example>", subject="Hello, Ann Ümber", text="Dear Ann,\n.\nbye\n")


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as office:
        yield office


class Scribe:
    """Writes one letter over and over; `None` when there is nobody to write to."""

    def __init__(self, letter: Letter | None = LETTER) -> None:
        self.letter = letter
        self.told: list[str] = []

    async def compose(self, subject: str) -> Letter | None:
        if subject == "bad":
            raise RuntimeError("a bug")
        return self.letter

    async def sent(self, subject: str) -> None:
        self.told.append(subject)


class Desk:
    """A database with an outbox and a carrier, and nobody else who carries."""

    def __init__(self, services: Services, carrier: MailCarrier, scribe: Scribe) -> None:
        self.services = services
        self.carrier = carrier
        self.scribe = scribe

    async def queue(self, subject: str = "1", topic: str = "note") -> None:
        async with self.services.db.transaction() as tx:
            await self.services.outbox.add(tx, Destination.MAIL, topic, subject)

    async def job(self) -> Job:
        [job] = await self.services.outbox.page(limit=2, destination=Destination.MAIL)
        return job

    async def pause(self) -> str | None:
        reasons = [p.reason for p in await self.services.outbox.pauses() if p.destination == Destination.MAIL]
        return reasons[0] if reasons else None


def plain(office: PostOffice, **more: Any) -> Mail:
    return Mail(**{"host": "127.0.0.1", "port": office.port, "sender": SENDER, "tls": "none", "timeout_s": 5, **more})


@asynccontextmanager
async def desk(folder: Path, clock: Clock, config: Mail, scribe: Scribe | None = None) -> AsyncIterator[Desk]:
    scribe = scribe or Scribe()
    async with opened(wire(settings_for(folder), clock)) as services:
        yield Desk(services, MailCarrier(config, services.outbox, {"note": scribe}, clock), scribe)


async def test_a_letter_arrives_once_as_it_was_written(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    html = "<p>Dear <b>Ann</b></p>"
    scribe = Scribe(
        Letter(to=LETTER.to, subject=LETTER.subject, text=LETTER.text, html=html, reply_to="re@acme.example")
    )
    clock.ms = 40 * DAY_MS
    async with desk(tmp_path, clock, plain(office), scribe) as d:
        await d.queue()
        assert await d.carrier.carry()
        assert not await d.carrier.carry()
        job = await d.job()
    assert (job.state, scribe.told) == ("sent", ["1"])
    [letter] = office.letters
    assert office.envelopes == [("hello@acme.example", ["ann@umbrella.example"])]
    assert office.named == ["acme.example"]
    assert (letter["From"], letter["To"], letter["Reply-To"]) == (SENDER, LETTER.to, "re@acme.example")
    assert letter["Subject"] == LETTER.subject
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"] == f"<{job.id}@acme.example>"
    assert abs(ms_of(parsedate_to_datetime(letter["Date"])) - clock()) < 60_000
    text, page = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().replace("\r\n", "\n") == LETTER.text
    assert page.get_content().strip() == html


async def test_who_asks_for_patience_gets_it(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    office.say("451 4.7.1 Greylisted ann@umbrella.example, try again later")
    async with desk(tmp_path, clock, plain(office)) as d:
        await d.queue()
        await d.carrier.carry()
        job = await d.job()
        assert (job.state, job.attempts) == ("pending", 1)
        assert job.reason == "It answered 451: 4.7.1 Greylisted …, try again later"
        assert not await d.carrier.carry()
        clock.ms += round(WAITS_MS[0] * 1.1)
        await d.carrier.carry()
        assert (await d.job()).state == "sent"
    assert len(office.letters) == 1


async def test_after_about_a_day_a_letter_is_a_dead_one(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    office.say("452 4.2.2 Mailbox full", times=20)
    async with desk(tmp_path, clock, plain(office)) as d:
        await d.queue()
        began = clock()
        while (await d.job()).state == "pending":
            await d.carrier.carry()
            clock.ms += max((await d.job()).due_at_ms - clock(), 0)
        assert 0.9 * DAY_MS < clock() - began < 1.3 * DAY_MS
        job = await d.job()
        assert (job.state, job.attempts, job.reason) == (
            "failed", len(WAITS_MS) + 1, "It answered 452: 4.2.2 Mailbox full",
        )  # fmt: skip
    assert office.letters == []


async def test_a_refusal_for_good_is_kept_in_the_servers_words_without_the_address(
    tmp_path: Path, clock: Clock, office: PostOffice
) -> None:
    office.say("550 5.1.1 <ann@umbrella.example>: User unknown")
    async with desk(tmp_path, clock, plain(office)) as d:
        await d.queue()
        await d.carrier.carry()
        job = await d.job()
        assert (job.state, job.attempts) == ("failed", 1)
        assert job.reason is not None
        assert job.reason.startswith("It answered 550: 5.1.1 ")
        assert "User unknown" in job.reason
        assert "ann" not in job.reason
        await d.services.outbox.retry(job.id)  # an admin knows better
        await d.carrier.carry()
        assert (await d.job()).state == "sent"


async def test_a_letter_whose_answer_was_lost_comes_again_under_the_same_id(
    tmp_path: Path, clock: Clock, office: PostOffice
) -> None:
    office.hang_ups = 1
    async with desk(tmp_path, clock, plain(office)) as d:
        await d.queue()
        await d.queue("2")
        await d.carrier.carry()
        jobs = await d.services.outbox.page(limit=9, destination=Destination.MAIL)
        lost = next(job for job in jobs if job.subject == "1")
        assert "The connection was lost" in (lost.reason or "")
        await d.carrier.carry()  # the other need not wait
        assert d.scribe.told == ["2"]
        clock.ms += 2 * WAITS_MS[0]
        await d.carrier.carry()
        assert d.scribe.told == ["2", "1"]
    ids = [letter["Message-ID"] for letter in office.letters]
    assert len(ids) == 3
    assert ids[0] == ids[2] != ids[1]


async def test_where_nobody_listens_all_letters_wait(tmp_path: Path, clock: Clock) -> None:
    async with desk(tmp_path, clock, plain(PostOffice())) as d:
        await d.queue()
        await d.carrier.carry()
        job = await d.job()
        assert (job.state, job.attempts) == ("pending", 1)
        assert "could not be reached" in (job.reason or "")


async def test_without_starttls_nothing_is_sent(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    async with desk(tmp_path, clock, plain(office, tls="starttls")) as d:
        await d.queue()
        await d.carrier.carry()
        assert (await d.job()).state == "pending"
        assert "STARTTLS" in (await d.pause() or "")
        assert "`mail.tls` is starttls" in (await d.pause() or "")
    assert office.letters == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_a_refused_login_is_a_pause_and_not_the_letters_fault(tmp_path: Path, clock: Clock) -> None:
    with PostOffice(login=("acme", "right")) as office:
        config = plain(office, username="acme", password="wrong")
        async with desk(tmp_path, clock, config) as d:
            await d.queue()
            for _ in range(3):
                await d.carrier.carry()
            job = await d.job()
            assert (job.state, job.attempts) == ("pending", 0)
            assert "535" in (await d.pause() or "")
            tried = office.logins
            assert tried <= 2  # once by each method
            office.login = ("acme", "wrong")  # somebody mends it
            clock.ms += LOCKED_OUT_MS
            await d.carrier.carry()
            assert (await d.job()).state == "sent"
            assert await d.pause() is None
        assert len(office.letters) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_a_login_that_is_asked_for_is_said(tmp_path: Path, clock: Clock) -> None:
    with PostOffice(login=("acme", "right")) as office:
        async with desk(tmp_path, clock, plain(office)) as d:
            await d.queue()
            await d.carrier.carry()
            assert "530" in (await d.pause() or "")
            assert (await d.job()).attempts == 0


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate of localhost that nobody vouches for."""
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context, certificate


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
async def test_a_connection_is_encrypted_and_its_certificate_checked(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, certificate = certified(tmp_path)
    with PostOffice(tls=context) as office:
        async with desk(tmp_path, clock, plain(office, host="localhost", tls="starttls")) as d:
            await d.queue()
            await d.carrier.carry()
            assert "certificate" in ((await d.job()).reason or "").lower()  # nobody vouches for it
            assert office.letters == []
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            clock.ms += 2 * WAITS_MS[0]
            await d.carrier.carry()
            assert (await d.job()).state == "sent"
        assert office.encrypted == [True]


async def test_nobody_to_write_to_is_a_job_done(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    async with desk(tmp_path, clock, plain(office), Scribe(None)) as d:
        await d.queue()
        await d.carrier.carry()
        job = await d.job()
        assert (job.state, job.reason) == ("skipped", "There is nobody left to write to.")
    assert office.named == []


async def test_what_cannot_be_written_holds_up_nothing_else(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    async with desk(tmp_path, clock, plain(office)) as d:
        await d.queue("bad")
        await d.queue("1", "song")
        await d.queue("good")
        await d.carrier.carry()
        jobs = {j.subject: (j.state, j.reason) for j in await d.services.outbox.page(limit=9)}
    assert jobs == {
        "bad": ("pending", "It could not be written; the log says why."),
        "1": ("failed", "Nobody here writes letters of this kind."),
        "good": ("sent", None),
    }


@pytest.mark.parametrize(
    "letter",
    [
        {"to": "ann@umbrella.example\r\nBcc: all@umbrella.example"},
        {"to": "ann@umbrella.example, bob@umbrella.example"},
        {"to": "nobody"},
        {"subject": "Hello\nBcc: all@umbrella.example"},
        {"subject": "Hello\r\n\r\nAnother body"},
        {"reply_to": "x@y.example\nBcc: all@umbrella.example"},
    ],
)
async def test_nobody_writes_a_header_of_their_own(
    tmp_path: Path, clock: Clock, office: PostOffice, letter: dict[str, str]
) -> None:
    scribe = Scribe(Letter(**{"to": "ann@umbrella.example", "subject": "Hello", "text": "", **letter}))
    async with desk(tmp_path, clock, plain(office), scribe) as d:
        await d.queue()
        await d.carrier.carry()
        job = await d.job()
        assert job.state == "failed"
        assert (job.reason or "").startswith("The letter’s ")
        assert "umbrella" not in (job.reason or "")
    assert office.letters == []


@settings(deadline=None)
@given(st.text(), st.text(), st.text())
def test_whatever_is_written_there_is_one_recipient_and_one_subject(name: str, subject: str, text: str) -> None:
    letter = Letter(to=f"{name} <ann@umbrella.example>", subject=subject, text=text)
    try:
        raw = packed(letter, sender=SENDER, id="1", now_ms=0).as_bytes()
    except (ValueError, UnicodeEncodeError):
        return
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert len(set(names)) == len(names)
    assert len(head) < 10_000
    assert set(names) <= {
        b"from", b"to", b"subject", b"date", b"message-id", b"auto-submitted", b"mime-version", b"content-type",
        b"content-transfer-encoding",
    }  # fmt: skip


def test_a_subject_without_an_end_is_cut() -> None:
    letter = Letter(to=f"{'ü' * 9000} <ann@umbrella.example>", subject="ü" * 90_000, text="")
    message = packed(letter, sender=SENDER, id="1", now_ms=0)
    assert message["Subject"] == "ü" * 200
    assert len(message.as_bytes()) < 5000


def test_an_address_is_found_alone_or_behind_a_name() -> None:
    assert address_in("mara@acme.example") == "mara@acme.example"
    assert address_in("Mara Lindqvist <mara@acme.example>") == "mara@acme.example"
    for text in ("Mara Lindqvist, marketing", "", "mara@", "a@b.example, c@d.example", "mara@acme.example\n"):
        assert address_in(text) is None, text


# The monthly review.


def next_month(clock: Clock, day: int) -> str:
    """Moves to noon of a day of the vendor's month that follows; gives the name of the month that is over then."""
    present = at(clock()).astimezone(ZoneInfo("Europe/Berlin"))
    first = datetime(present.year + present.month // 12, present.month % 12 + 1, day, 12, tzinfo=present.tzinfo)
    clock.ms += ms_of(first) - clock()
    return f"{present:%Y-%m}"


def reviews(server: Server) -> list[dict[str, Any]]:
    return list(server.api.get("/api/v1/outbox", params={"destination": "mail"}).json()["items"])


def test_the_review_of_a_month_reaches_those_who_own_it(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    config = plain(office, review_to=["boss@acme.example"], review_day=3)
    asyncio.run(looks(tmp_path, clock, config))  # there is mail since this month
    with serving(tmp_path, clock, mail=config) as server:
        server.api.put("/api/v1/mechanics/mine", json=mechanic(owner="Mara <mara@acme.example>"))
        server.api.put("/api/v1/mechanics/too", json=mechanic(owner="Boss@acme.example"))
        server.api.put("/api/v1/mechanics/dead", json=mechanic(owner="gone@acme.example"))
        decided = {"by": "Mara", "reason": "Nobody came", "fallback": "asset_only"}
        assert server.api.post("/api/v1/mechanics/dead/kill", json=decided).status_code in (200, 201)
        server.viewer.get(server.share())
        over = next_month(clock, 3)
        eventually(lambda: len(office.letters) == 2)
        eventually(lambda: {job["state"] for job in reviews(server)} == {"sent"})
        assert {recipients[0].lower() for _, recipients in office.envelopes} == {
            "boss@acme.example",
            "mara@acme.example",
        }
        [letter, _] = office.letters
        assert letter["Subject"].startswith("Acme: monthly review, ")
        text, page = letter.get_body(("plain",)), letter.get_body(("html",))
        assert text is not None
        assert page is not None
        said = text.get_content()
        assert "so far" not in said
        assert "<script" not in page.get_content()
        for job in reviews(server):
            assert job["subject"].startswith(f"{over}/")
            assert "acme" not in job["subject"]
    clock.ms += 5 * DAY_MS
    assert len(asyncio.run(looks(tmp_path, clock, config))) == 2  # what was sent is not sent again


async def looks(folder: Path, clock: Clock, config: Mail, times: int = 1) -> list[Job]:
    """So many processes look at the same moment; the jobs that there are then."""
    from contextlib import AsyncExitStack

    from passalong.mail.review import Review
    from passalong.store.letters import Letters

    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(opened(wire(settings_for(folder), clock))) for _ in range(times)]
        await asyncio.gather(
            *(Review(config, Letters(s.db, s.outbox), s.monthly, s.catalog, s.calendar, clock).look() for s in found)
        )
        return await found[0].outbox.page(limit=50, destination=Destination.MAIL)


async def test_a_month_is_sent_once_and_none_of_before_there_was_mail(
    tmp_path: Path, clock: Clock, office: PostOffice
) -> None:
    config = plain(office, review_to=["boss@acme.example", "two@acme.example"], review_day=1)
    assert await looks(tmp_path, clock, config) == []  # the month before is over, and there was no mail
    first = next_month(clock, 1)
    assert await looks(tmp_path, clock, plain(office, review_to=["boss@acme.example"], review_day=2)) == []
    jobs = await looks(tmp_path, clock, config, times=4)
    assert [job.subject.partition("/")[0] for job in jobs] == [first] * 2
    assert len(await looks(tmp_path, clock, config, times=2)) == 2
    never = plain(office, review_to=["boss@acme.example"], review_day=0)
    second = next_month(clock, 5)
    assert len(await looks(tmp_path, clock, never)) == 2
    nobody = plain(office, review_day=1)
    assert len(await looks(tmp_path, clock, nobody)) == 2
    jobs = await looks(tmp_path, clock, config)  # late, and not too late
    assert sorted(job.subject.partition("/")[0] for job in jobs) == [first] * 2 + [second] * 2
    assert month_name(months_back(int(second.replace("-", "")), 2)[0]) == first


async def test_whoever_is_no_recipient_any_more_gets_nothing(tmp_path: Path, clock: Clock, office: PostOffice) -> None:
    config = plain(office, review_to=["boss@acme.example"], review_day=1)
    await looks(tmp_path, clock, config)
    next_month(clock, 1)
    assert len(await looks(tmp_path, clock, config)) == 1
    fresh = settings_for(tmp_path, mail=plain(office, review_to=["new@acme.example"], review_day=1))
    async with opened(wire(fresh, clock)) as services, outside(services) as ways:
        assert await ways.courier.once()
        [job] = await services.outbox.page(limit=9, destination=Destination.MAIL)
    assert (job.topic, job.state) == (REVIEW, "skipped")
    assert office.letters == []


# Settings, doctor and start-up.


def written(folder: Path, text: str) -> Path:
    settings = folder / "passalong.toml"
    settings.write_text(settings.read_text() + text)
    return folder


def test_doctor_says_whether_letters_can_be_sent(home: Path, office: PostOffice) -> None:
    mail = f'\n[mail]\nhost = "127.0.0.1"\nport = {office.port}\nsender = "{SENDER}"\n'
    found = json.loads(run(written(home, mail), "doctor", "--json", code=1).stdout)
    assert any(f["state"] == "bad" and "STARTTLS" in f["what"] for f in found)
    found = json.loads(run(written(home, 'tls = "none"\n'), "doctor", "--json").stdout)
    assert any(f["state"] == "ok" and "takes mail of Acme" in f["what"] for f in found)


async def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, clock: Clock, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_package, "find_spec", lambda name: None)
    async with opened(wire(settings_for(tmp_path, mail=plain(office)), clock)) as services:
        with pytest.raises(Unusable, match=r"pip install 'passalong\[mail\]'"):
            async with outside(services):
                pass
    async with opened(wire(settings_for(tmp_path), clock)) as services, outside(services):
        pass  # nobody needs it who sends no mail


def test_start_up_and_doctor_say_it_too(home: Path) -> None:
    """A Python that has no aiosmtplib: the module is hidden by one of the same name that cannot be found."""
    import os
    import sys

    written(home, f'\n[mail]\nhost = "127.0.0.1"\nport = 1\nsender = "{SENDER}"\n')
    hide = "import sys; sys.modules['aiosmtplib'] = None; from passalong.__main__ import main; main()"
    for command, stream in (("serve", "stderr"), ("doctor", "stdout")):
        env = {k: v for k, v in os.environ.items() if not k.startswith("PASSALONG_")}
        done = subprocess.run(
            [sys.executable, "-c", hide, command], cwd=home, env=env, capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 1, done
        assert "pip install 'passalong[mail]'" in getattr(done, stream)
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("mail", "named"),
    [
        (Mail(host="smtp.acme.example"), "mail.sender"),
        (Mail(host="smtp.acme.example", sender="Acme"), "mail.sender"),
        (Mail(review_to=["Mara"]), "mail.review_to: 'Mara'"),
    ],
)
def test_settings_that_cannot_be_right_are_refused_by_name(mail: Mail, named: str) -> None:
    with pytest.raises(Unusable, match=named):
        checked(Settings(mail=mail))
