"""The doors of viewers, but for those that the front door answers."""

from __future__ import annotations

from passalong.web.unfurl import images, oembed
from passalong.web.viewer import erasure, file, gate, pass_along, privacy, site, style, vanity, walkthrough

ROUTES = [
    gate.forget,
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
    privacy.privacy,
    privacy.back_to_form,
    privacy.ask_for_erasure,
    erasure.confirm_page,
    erasure.confirm,
    site.privacy_control,
    site.alive,
    site.ready,
    site.metrics,
]
