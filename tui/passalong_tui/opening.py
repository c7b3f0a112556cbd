"""Addresses opened in the operator's own browser, if it is one that leaves the terminal alone."""

from __future__ import annotations

import webbrowser
from urllib.parse import urlsplit


def open_in_browser(url: str) -> bool:
    """Whether a browser took it. Waits for the browser to start: call it in a thread.

    One that runs in a terminal would draw over the console, so it is not asked; nor is any about another scheme than
    the web's, for a server could name one that starts a program.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if not isinstance(browser, webbrowser.BackgroundBrowser) and isinstance(
        browser, (webbrowser.GenericBrowser, webbrowser.Elinks)
    ):
        return False
    return browser.open(url)
