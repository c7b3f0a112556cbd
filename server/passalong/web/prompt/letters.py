"""The letter of an invitation: who invites, to what, and why one gets it. Written when it is sent; nothing in it
tells that it was read."""

from __future__ import annotations

from passalong.domain.asset import Asset
from passalong.domain.brand import Brand
from passalong.domain.instant import Clock
from passalong.domain.language import negotiate
from passalong.domain.letter import Letter
from passalong.domain.share import mint, share_url
from passalong.domain.text import tidy
from passalong.domain.token import Keyring
from passalong.errors import BadToken, NotFound, Sentence
from passalong.settings import Settings
from passalong.store.invitations import Invitations
from passalong.web.viewer.link import Link, Links
from passalong.web.words import Words, words_of


class InvitationLetters:
    """Composes what jobs of the topic `invitation` ask for; the subject of a job is the invitation's id."""

    def __init__(
        self, settings: Settings, invitations: Invitations, links: Links, keyring: Keyring, clock: Clock
    ) -> None:
        self._settings = settings
        self._invitations = invitations
        self._links = links
        self._keyring = keyring
        self._clock = clock

    async def compose(self, subject: str) -> Letter | None:
        """The letter; None when there is nobody left to write to, or nothing left to invite to."""
        invitation = await self._invitations.waiting(subject)
        if invitation is None:
            return None
        try:
            link = self._links.find(mint(self._keyring, invitation.claims))
        except (BadToken, NotFound):
            return None
        if link.revoked or link.mechanic.tombstone is not None:
            return None
        words = words_of(negotiate(invitation.language))
        url = share_url(self._settings.base_url, link.token)
        who = _who(link, invitation.inviter)
        once = Sentence(
            "You get this letter once, because somebody entered your address in %(brand)s. It is not kept: if this "
            "was a mistake, there is nothing that you need to do.",
            brand=tidy(link.brand.name),
        )
        text = [
            words.say(Sentence("%(who)s invites you:", who=who)),
            "",
            *said_of(words, link.asset, link.brand, url),
            "",
            words.say(once),
            link.brand.privacy_url or f"{self._settings.base_url}/privacy",
        ]
        return Letter(to=invitation.address, subject=subject_of(words, link.asset), text="\n".join(text) + "\n")

    async def sent(self, subject: str) -> None:
        """The letter has gone; the address is forgotten."""
        await self._invitations.sent(subject, self._clock())


def subject_of(words: Words, asset: Asset | None) -> str:
    return words.say(Sentence("An invitation to “%(title)s”", title=tidy(asset.title) if asset else ""))


def said_of(words: Words, asset: Asset | None, brand: Brand, url: str) -> list[str]:
    """What one is invited to, in lines: its title, where it is, and the link."""
    said = Sentence("“%(title)s”, made with %(brand)s:", title=tidy(asset.title) if asset else "", brand=brand.name)
    return [words.say(said), url]


def _who(link: Link, inviter: str) -> str:
    """Who invites, as far as it may be said."""
    company = tidy(link.cobrand.name) if link.cobrand else None
    if inviter and company:
        return Sentence("%(name)s of %(company)s", name=inviter, company=company)
    if inviter:
        return inviter
    if company:
        return Sentence("somebody at %(company)s", company=company)
    return link.sharer
