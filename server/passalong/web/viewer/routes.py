"""The doors of viewers, but for share pages and steps, which the front door answers."""

from __future__ import annotations

from passalong.web.unfurl import images, oembed
from passalong.web.viewer import cta, file, gate, pass_along, site, style, vanity, walkthrough

ROUTES = [
    gate.submit_gate,
    gate.forget,
    cta.follow_cta,
    walkthrough.all_steps,
    pass_along.pass_along_page,
    pass_along.make_link,
    vanity.follow_slug,
    images.qr_svg,
    images.qr_png,
    images.badge_svg,
    oembed.oembed,
    file.send_file,
    file.send_preview,
    style.brand_file,
    style.logo,
    style.picture,
    site.robots,
    site.privacy,
    site.alive,
    site.ready,
]
