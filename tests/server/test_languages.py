"""Pages in the reader's language: chosen as it must be, and nothing left in English by accident."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from factories import ANN, Server, parsed, words
from passalong import paths
from passalong.domain.language import Language, negotiate
from passalong.errors import Sentence
from passalong.web.words import words_of

ROOT = Path(__file__).resolve().parents[2]
OTHERS = [language for language in Language if language is not Language.EN]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "Sentence": None}
_PLACEHOLDER = re.compile(r"%\(\w+\)s")


def catalogue(language: Language) -> Catalog:
    with (paths.widget_templates() / "locale" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=str(language))


def said() -> Iterator[str | tuple[str, ...]]:
    """Every sentence that templates and code can show."""
    for folder, method in ((ROOT / "server", "python"), (paths.widget_templates(), "jinja2")):
        pattern = "**.py" if method == "python" else "**.html"
        options = {pattern: {"trimmed": "true"}}
        for _, _, message, _, _ in extract_from_dir(folder, [(pattern, method)], options, KEYWORDS):
            yield message


def placeholders(text: str | tuple[str, ...]) -> set[str]:
    return set(_PLACEHOLDER.findall(text if isinstance(text, str) else " ".join(text)))


def _strings(string: str | tuple[str, ...]) -> list[str]:
    return [string] if isinstance(string, str) else list(string)


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated_with_everything_that_it_names(language: Language) -> None:
    known = catalogue(language)
    missing, wrong = [], []
    for message in set(said()):
        found = known.get(message if isinstance(message, str) else message[0])
        translations = _strings(found.string) if found and not found.fuzzy else []
        if not translations or not all(translations):
            missing.append(message)
        elif {name for text in translations for name in placeholders(text)} != placeholders(message):
            wrong.append(message)
    assert missing == [], "`make messages` lists what is new"
    assert wrong == []


def test_what_a_catalogue_lacks_is_said_in_english() -> None:
    assert words_of(Language.DE).say("Nobody has translated this.") == "Nobody has translated this."
    assert words_of(Language.DE).say(Sentence("Not this, %(who)s.", who="Ann")) == "Not this, Ann."


@pytest.mark.parametrize(
    ("asked", "content", "got"),
    [
        ("", None, "en"),
        ("de", None, "de"),
        ("de-AT,de;q=0.9,en;q=0.5", None, "de"),
        ("pt-BR,pt;q=0.9", None, "en"),
        ("pt, fr;q=0.3, it;q=0.7", None, "it"),
        ("de;q=0, fr;q=0.1", None, "fr"),
        ("*", None, "en"),
        ("nl;q=x, es;q=0.2", None, "es"),
        ("de", "fr", "fr"),
        ("de", "fr-CA", "fr"),
        ("de", "ja", "de"),
        (",;;q=,,", None, "en"),
        ("x" * 10_000, None, "en"),
    ],
)
def test_which_language_a_reader_gets(asked: str, content: str | None, got: str) -> None:
    assert negotiate(asked, content) == got


@pytest.mark.parametrize("language", OTHERS)
def test_the_whole_journey_in_one_language(server: Server, language: Language) -> None:
    server.viewer.headers["accept-language"] = f"{language}-XX,{language};q=0.9"
    path = server.share()
    page = server.viewer.get(path)
    assert parsed(page.text).get("lang") == language
    refused = server.submit(path, email="wrong")
    assert parsed(refused.text).get("lang") == language
    opened = server.admit(path, **ANN)
    lost = server.viewer.get("/s/nothing")
    along = server.viewer.post(f"{path}/pass-along", follow_redirects=True)
    privacy = server.viewer.get("/privacy")
    for answer in (page, refused, opened, lost, along, privacy):
        shown = words(answer.text)
        for english in (" the ", "Please", "link", "Shared by", "Made with", "Pass it", "You"):
            if english == "link" and language in (Language.DE, Language.NL, Language.IT):
                continue
            assert english not in shown.replace("How did you hear about us?", ""), (answer.url.path, english, shown)


def test_the_assets_own_language_comes_first(server: Server) -> None:
    asset = {"title": "Rapport", "kind": "page", "language": "fr", "source": {"markdown": "Bonjour"}}
    server.api.put("/api/v1/assets/rapport", json=asset).raise_for_status()
    page = server.viewer.get(server.share("rapport", "open"), headers={"accept-language": "de"})
    assert parsed(page.text).get("lang") == "fr"


def test_a_language_that_we_do_not_speak_marks_the_content_alone(server: Server) -> None:
    asset = {"title": "レポート", "kind": "page", "language": "ja", "source": {"markdown": "こんにちは"}}
    server.api.put("/api/v1/assets/rapport", json=asset).raise_for_status()
    page = parsed(server.viewer.get(server.share("rapport", "open"), headers={"accept-language": "de"}).text)
    assert page.get("lang") == "de"
    assert [h.get("lang") for h in page.iter("h1")] == ["ja"]


def test_a_language_tag_that_is_none_is_refused(server: Server) -> None:
    asset = {"title": "x", "kind": "page", "language": "<script>", "source": {"markdown": "x"}}
    assert server.api.put("/api/v1/assets/x", json=asset).status_code == 400
