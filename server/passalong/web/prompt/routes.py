"""The doors of prompts."""

from __future__ import annotations

from passalong.web.prompt import invite, share, show, style, upgrade

ROUTES = [
    style.stylesheet,
    show.show_prompt,
    show.dismiss,
    show.show_again,
    invite.invite_page,
    invite.invite,
    share.team_link,
    share.share_with_team,
    upgrade.upgrade_page,
    upgrade.upgrade,
]
