"""Where the things that ship with the program are."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped_rules() -> Path:
    """The rules of plays that hold where the settings name no others."""
    return _PACKAGE / "plays.toml"


def widget_templates() -> Path:
    """The templates and styles: inside an installed package, or beside it in a checkout."""
    inside = _PACKAGE / "widget_templates"
    return inside if inside.is_dir() else _PACKAGE.parents[1] / "widget_templates"
