"""One step of a walkthrough as its page shows it: the picture, the places to press, the way on and back."""

from __future__ import annotations

from markupsafe import Markup
from msgspec import Struct

from passalong.domain.address import web_url
from passalong.domain.walkthrough import Chapter, Hotspot, Picture
from passalong.errors import Sentence
from passalong.web.render import prose
from passalong.web.viewer.link import Link
from passalong.web.viewer.standing import NOBODY, view_of
from passalong.web.words import Words

MAX_LISTED = 40


class Spot(Struct, frozen=True):
    """A place to press, in pixels of the largest picture. `step` or `url` is where it leads."""

    x: float
    y: float
    width: float
    height: float
    label: str
    step: int | None
    url: str | None


class StepView(Struct, frozen=True):
    """What `step.html` needs. Numbers start with 1; `after` is None at the end, `before` at the beginning."""

    number: int
    total: int
    listed: bool
    """Whether all titles stand on the page: of a long walkthrough the chapters and the page with everything do."""
    title: str
    caption: Markup
    alt: str
    picture: Picture
    spots: list[Spot]
    before: int | None
    after: int | None
    chapters: list[Chapter]
    chapter: Chapter | None
    titles: list[str]


def step_of(link: Link, number: int, words: Words) -> StepView:
    course = link.asset.course
    step = course.step(number)
    picture = course.picture(number)
    size = picture.largest
    chapters = course.chapters
    title = step.title or words.say(Sentence("Step %(number)s", number=number))
    return StepView(
        number=number,
        total=len(course),
        listed=len(course) <= MAX_LISTED,
        title=title,
        caption=prose(step.caption),
        alt=step.alt if step.alt is not None else title,
        picture=picture,
        spots=[_spot(link, number, hotspot, size.width, size.height) for hotspot in step.hotspots],
        before=number - 1 if number > 1 else None,
        after=course.after(number),
        chapters=chapters,
        chapter=next((chapter for chapter in reversed(chapters) if chapter.first <= number), None),
        titles=[s.title or words.say(Sentence("Step %(number)s", number=n)) for n, s in enumerate(course.steps, 1)],
    )


def ahead_of(link: Link, number: int) -> Picture | None:
    """The picture that will be wanted next, to be fetched while this one is looked at; none from behind the gate."""
    after = link.asset.course.after(number)
    if after is None or (number <= after and view_of(link, NOBODY, after).locked):
        return None
    return link.asset.course.picture(after)


def _spot(link: Link, number: int, hotspot: Hotspot, width: int, height: int) -> Spot:
    leads_to = link.asset.course.leads_to(number, hotspot)
    return Spot(
        x=round(hotspot.x * width / 100, 1),
        y=round(hotspot.y * height / 100, 1),
        width=round(hotspot.width * width / 100, 1),
        height=round(hotspot.height * height / 100, 1),
        label=hotspot.label,
        step=leads_to if isinstance(leads_to, int) else None,
        url=web_url(leads_to, https_only=True) if isinstance(leads_to, str) else None,
    )
