"""Settings from file and environment, refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from passalong import settings
from passalong.errors import Unusable

KEY = "k" * 40


def write(folder: Path, text: str) -> Path:
    path = folder / "passalong.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read_and_its_paths_are_its_own(tmp_path: Path) -> None:
    text = f"""
        base_url = "https://share.example.com/"
        database = "data.db"
        signing_keys = ["{KEY}"]
        timezone = "Europe/Berlin"
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [limits]
        upload_mb = 7
        [attribution]
        window_days = 30
    """
    found = settings.load(write(tmp_path, text), {})
    assert found.base_url == "https://share.example.com"
    assert found.database == str(tmp_path / "data.db")
    assert found.files == tmp_path / "data.db.files"
    assert (found.limits.upload_mb, found.attribution.window_days) == (7, 30)
    assert found.limits.submissions_per_10_minutes == 20
    assert found.secure


def test_the_environment_has_the_last_word(tmp_path: Path) -> None:
    path = write(tmp_path, 'base_url = "https://a.example"\n[limits]\nupload_mb = 7\n')
    environ = {
        "PASSALONG_BASE_URL": "https://b.example",
        "PASSALONG_LIMITS__UPLOAD_MB": "9",
        "PASSALONG_ATTRIBUTION__WINDOW_DAYS": "20",
        "PASSALONG_SIGNING_KEYS": f"{KEY}, {KEY[::-1]}1",
        "PASSALONG_EMBED_SOURCES": "",
        "PASSALONG_CONFIG": "not looked at here",
        "PATH": "/bin",
    }
    found = settings.load(path, environ)
    assert (found.base_url, found.limits.upload_mb, found.attribution.window_days) == ("https://b.example", 9, 20)
    assert found.signing_keys == [KEY, f"{KEY}1"]
    assert found.embed_sources == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('colour = "red"', "colour"),
        ("[limits]\nupload_gb = 1", r"limits\.upload_gb"),
        ("[limits]\nupload_mb = 0", r"limits\.upload_mb"),
        ('[limits]\nupload_mb = "many"', r"limits\.upload_mb"),
        ("[attribution]\nwindow_days = 9999", r"attribution\.window_days"),
        ("limits = 3", "limits"),
        ('base_url = "share.example.com"', "base_url"),
        ('base_url = "ftp://share.example.com"', "base_url"),
        ('database = "mysql://localhost/x"', "database"),
        ('trusted_proxies = ["10.0.0.300"]', "10.0.0.300"),
        ('signing_keys = "one"', "signing_keys"),
        ('base_url = "x', "passalong.toml"),
    ],
)
def test_what_is_unknown_or_malformed_is_refused_by_its_name(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(Unusable, match=named):
        settings.load(write(tmp_path, text), {})


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("PASSALONG_BASEURL", "https://x.example", "baseurl"),
        ("PASSALONG_LIMITS__UPLOAD_MB", "seven", r"limits\.upload_mb"),
        ("PASSALONG_LIMITS__NOTHING", "7", r"limits\.nothing"),
        ("PASSALONG_TRUSTED_PROXIES", "10.0.0.0/8,nonsense", "nonsense"),
        ("PASSALONG_BASE_URL__X", "7", "base_url"),
        ("PASSALONG_LIMITS", "7", "limits"),
    ],
)
def test_a_variable_is_refused_by_its_name_too(tmp_path: Path, variable: str, value: str, named: str) -> None:
    path = write(tmp_path, 'base_url = "https://a.example"\n[limits]\nupload_mb = 7\n')
    with pytest.raises(Unusable, match=named):
        settings.load(path, {variable: value})


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="passalong init"):
        settings.load(tmp_path / "none.toml", {})
