"""The portal's doors."""

from __future__ import annotations

from passalong.web.portal import entry, home, look, new, shares, style

ROUTES = [
    entry.way_in,
    entry.enter,
    entry.leave,
    entry.goodbye,
    home.your_shares,
    new.choose_asset,
    new.choose_way,
    new.make_share,
    new.picture,
    shares.one_share,
    shares.stop_sharing,
    look.your_look,
    look.unsaved_mark,
    look.change_look,
    style.stylesheet,
    style.preview,
]
