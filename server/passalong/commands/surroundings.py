"""What lies around this server, as far as it can be seen from here: clocks, and whatever stands before it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import urlsplit

import httpx2
import msgspec
from msgspec import Struct

from passalong.domain import probe
from passalong.domain.probe import Seen
from passalong.domain.token import Keyring
from passalong.outgoing.asking import trust
from passalong.settings import Settings

CLAIMED = "192.0.2.1"
"""An address of documentation (RFC 5737): nobody has it, and whoever is believed to have it has only said so."""
_TIMEOUT_S = 5.0
_SKEW_S = 60.0


class Finding(Struct, frozen=True):
    state: Literal["ok", "note", "bad"]
    what: str


def around(config: Settings) -> Iterator[Finding]:
    """Asks the server under its own address, HubSpot for the time of day, and the machine whether its clock is set."""
    keyring = Keyring(config.signing_keys)
    url = f"{config.base_url}/healthz"
    params = {"probe": probe.question(keyring, time.time_ns() // 1_000_000)}
    try:
        answer = _get(url, params=params, headers={"x-forwarded-for": CLAIMED})
    except httpx2.HTTPError as error:
        yield _unreached(config, error)
    else:
        yield from _skew(answer, config.base_url)
        yield from _answered(config, answer)
    if config.hubspot.token:
        try:
            yield from _skew(_get(config.hubspot.base_url), "HubSpot")
        except httpx2.HTTPError as error:
            yield Finding("note", f"HubSpot does not answer at {config.hubspot.base_url}: {error}.")
    yield from _set_by_network()


def _get(url: str, **more: dict[str, str]) -> httpx2.Response:
    with httpx2.Client(verify=trust(), timeout=_TIMEOUT_S, follow_redirects=False) as http:
        return http.get(url, **more)  # type: ignore[arg-type]


def _unreached(config: Settings, error: BaseException) -> Finding:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Finding("bad", f"the certificate at {config.base_url} is refused: {cause.verify_message}.")
    if cause is not None:
        return Finding("bad", f"{config.base_url} says https, and what answers there does not speak it ({cause}).")
    said = str(error) or type(error).__name__
    return Finding(
        "note", f"nothing answers at {config.base_url} from here ({said}); what stands before it is unknown."
    )


def _skew(answer: httpx2.Response, of: str) -> Iterator[Finding]:
    """A clock that is wrong makes links expire early, and HubSpot's notices look forged."""
    try:
        theirs_s = parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except ValueError:
        return
    ahead_s = time.time() - theirs_s
    if abs(ahead_s) > _SKEW_S:
        side = "ahead of" if ahead_s > 0 else "behind"
        yield Finding("bad", f"the clock of this machine is {abs(ahead_s):,.0f} seconds {side} that of {of}.")


def _answered(config: Settings, answer: httpx2.Response) -> Iterator[Finding]:
    base, status = config.base_url, answer.status_code
    if 300 <= status < 400:
        yield Finding("bad", f"{base}/healthz is led elsewhere, to {_origin(answer)}: base_url is to be where it ends.")
        return
    if status != 200:
        yield Finding("bad", f"{base}/healthz is answered with {status}: what stands before the server holds it back.")
        return
    try:
        seen = msgspec.json.decode(answer.content, type=Seen)
    except msgspec.MsgspecError:
        yield Finding("bad", f"at {base} answers a server that does not know these signing keys; is it this one?")
        return
    yield _believed(config, seen)
    scheme = urlsplit(base).scheme
    said = seen.forwarded_proto.partition(",")[0].strip()
    if said and said != scheme:
        yield Finding(
            "bad", f"what stands before the server says that visitors come by {said}; base_url says {scheme}."
        )


def _believed(config: Settings, seen: Seen) -> Finding:
    """Whether visitors can be told apart, and cannot say themselves who they are."""
    if not seen.forwarded_for:
        return Finding(
            "bad",
            f"a proxy at {seen.peer} does not say for whom it forwards: all visitors look like one. "
            "Let it set X-Forwarded-For.",
        )
    if seen.forwarded_for == CLAIMED:
        if seen.trusted or config.secure:  # there is no https without a proxy
            return Finding(
                "bad",
                f"what visitors say of their address arrives unchanged from {seen.peer}: "
                + ("it is believed, so anybody can be anybody. " if seen.trusted else "all of them look like one. ")
                + "Let a proxy set X-Forwarded-For anew.",
            )
        return Finding("ok", f"{config.base_url} answers, and no proxy stands before it")
    if not seen.trusted:
        return Finding(
            "bad",
            f"a proxy at {seen.peer} says for whom it forwards, and is not believed: all visitors look like one. "
            f'Set trusted_proxies = ["{seen.peer}"].',
        )
    return Finding("ok", f"{config.base_url} answers, by way of a trusted proxy at {seen.peer}")


def _origin(answer: httpx2.Response) -> str:
    to = urlsplit(answer.headers.get("location", ""))
    return f"{to.scheme}://{to.netloc}" if to.netloc else to.path


def _set_by_network() -> Iterator[Finding]:
    command = shutil.which("timedatectl")
    if command is None:
        return
    words = [command, "show", "--property=NTPSynchronized", "--value"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=_TIMEOUT_S).stdout.strip()  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return
    if said == "no":
        yield Finding("note", "the clock of this machine is not set by the network (timedatectl).")
