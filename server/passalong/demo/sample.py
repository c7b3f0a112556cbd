"""The sample vendor: Tidewater makes reporting software; four of its customers share what they make with it."""

from __future__ import annotations

from typing import Any

from passalong.demo.pictures import logo

BRAND_ID = "tidewater"
BRAND = {
    "name": "Tidewater",
    "accent": "#0f766e",
    "home_url": "https://tidewater.example",
    "embed_hosts": ["*.tidewater.example"],
}

CUSTOMERS: dict[str, dict[str, Any]] = {
    "halvorsen": {
        "name": "Halvorsen Shipping",
        "domains": ["halvorsen.example"],
        "region": "EMEA",
        "accent": "#1d4ed8",
        "logo": logo("anchor", "#1d4ed8"),
        "consent_to_cobrand": True,
    },
    "brightline": {
        "name": "Brightline Clinics",
        "domains": ["brightline.example"],
        "region": "Americas",
        "accent": "#be123c",
        "logo": logo("cross", "#be123c"),
        "consent_to_cobrand": True,
    },
    "oakmoor": {
        "name": "Oakmoor Foods",
        "domains": ["oakmoor.example"],
        "region": "EMEA",
        "accent": "#4d7c0f",
        "logo": logo("leaf", "#4d7c0f"),
        "consent_to_cobrand": True,
    },
    "veldt": {
        "name": "Veldt Energy",
        "domains": ["veldt.example"],
        "region": "APAC",
        "accent": "#b45309",
        "logo": logo("sun", "#b45309"),
        "consent_to_cobrand": True,
    },
}

CTA = {"label": "Make a report like this", "url": "https://tidewater.example/start?plan=free"}
CONSENT = "Tidewater may e-mail me about this report and its product. I can say no at any time."

MECHANICS: dict[str, dict[str, Any]] = {
    "shared-reports": {
        "kind": "shared_asset",
        "title": "Customer reports behind a gate",
        "owner": "Mara Lindqvist, marketing",
        "brand": BRAND_ID,
        "gate": {
            "mode": "hard",
            "fields": [{"name": "name", "required": True}, "company", "heard_from"],
            "consent_text": CONSENT,
            "block_disposable": True,
        },
        "cta": CTA,
        "target_per_1000": 6,
    },
    "made-with": {
        "kind": "referral_loop",
        "title": "“Made with Tidewater” on live boards",
        "owner": "Tomas Ferreira, product",
        "brand": BRAND_ID,
        "gate": {"mode": "soft", "fields": ["name", "company"]},
        "cta": {"label": "Build a board for free", "url": "https://tidewater.example/start?plan=board"},
        "target_per_1000": 4,
    },
    "team-invites": {
        "kind": "expansion",
        "title": "Open pages inside a customer’s own company",
        "owner": "Ines Okafor, customer success",
        "brand": BRAND_ID,
        "cta": {"label": "Ask for a seat", "url": "https://tidewater.example/seats"},
        "target_per_1000": 5,
    },
    "product-tour": {
        "kind": "shared_asset",
        "title": "The product tour on customers’ sites",
        "owner": "Tomas Ferreira, product",
        "brand": BRAND_ID,
        "gate": {"mode": "at_step", "step": 4, "fields": [{"name": "name", "required": True}, "company"]},
        "cta": CTA,
        "target_per_1000": 6,
    },
    "conference-badge": {
        "kind": "advocacy",
        "title": "Badge on conference talks",
        "owner": "Mara Lindqvist, marketing",
        "brand": BRAND_ID,
        "gate": {"mode": "hard", "fields": ["name", "company", "role"]},
        "cta": CTA,
        "target_per_1000": 5,
    },
    "community-links": {
        "kind": "community",
        "title": "Plain links in forums",
        "owner": "Ines Okafor, customer success",
        "brand": BRAND_ID,
        "cta": {"label": "See what Tidewater is", "url": "https://tidewater.example"},
    },
}

PAGE = """\
Oakmoor runs eleven cold stores between Ghent and Poznań. Until last spring, every one of them kept its
own sheet of what was thrown away, and no two sheets counted the same thing.

## What we changed

1. **One definition.** A crate is spoiled when it leaves the store in any direction but a customer's.
2. **One board.** Each store sees its own week beside the best store's, and nobody else's.
3. **One question on Monday.** What would the best store have done with your worst day?

## What came of it

| Store group | Spoiled before | Spoiled now | Change |
| --- | ---: | ---: | ---: |
| Coast | 4.1 % | 2.6 % | −37 % |
| Inland | 3.8 % | 2.7 % | −29 % |
| East | 5.2 % | 3.3 % | −37 % |

> We did not buy a single new sensor. We stopped arguing about what the old ones had said.

The boards took an afternoon to build. Getting eleven people to agree on the first definition took six
weeks, and was worth more than the boards.
"""

ASSETS: dict[str, dict[str, Any]] = {
    "port-delays": {
        "kind": "file",
        "title": "Where the Baltic waits: port delays in the third quarter",
        "summary": "Waiting times at fourteen ports, what caused them, and which of them were back to normal by "
        "September.",
        "customer": "halvorsen",
    },
    "waiting-times": {
        "kind": "file",
        "title": "Waiting times in nine clinics, week by week",
        "summary": "The board that our clinic managers open on Monday morning.",
        "customer": "brightline",
    },
    "less-spoilage": {
        "kind": "page",
        "title": "How Oakmoor cut spoilage by a third without new sensors",
        "summary": "Eleven cold stores, one definition, one board.",
        "customer": "oakmoor",
        "source": {"markdown": PAGE},
    },
    "wind-forecast": {
        "kind": "link",
        "title": "A forecast template for small wind parks",
        "summary": "Copy it, put in your own turbines, and see next week’s output by the hour.",
        "customer": "veldt",
        "source": {"url": "https://tidewater.example/templates/wind", "label": "Copy the template"},
    },
    "seat-guide": {
        "kind": "page",
        "title": "What a seat in Tidewater gives you",
        "summary": "For colleagues who were sent a board and wonder how it was made.",
        "source": {"markdown": "You can look at any board that was shared with you. With a seat you can also ask it."},
    },
}

LINKS: dict[str, tuple[str, str, str, str]] = {
    "report": ("port-delays", "halvorsen", "shared-reports", "linkedin"),
    "board": ("waiting-times", "brightline", "made-with", "email"),
    "story": ("less-spoilage", "oakmoor", "shared-reports", "newsletter"),
    "walkthrough": ("product-tour", "halvorsen", "product-tour", "website"),
    "template": ("wind-forecast", "veldt", "made-with", "slack"),
    "seat_guide": ("seat-guide", "brightline", "team-invites", "email"),
    "talk": ("port-delays", "halvorsen", "conference-badge", "talk"),
    "forum": ("less-spoilage", "oakmoor", "community-links", "forum"),
}
"""Of each link: asset, customer, mechanic, channel."""

PROMPTS: dict[str, dict[str, Any]] = {
    "prompt": {
        "kind": "usage_cap",
        "customer": "brightline",
        "mechanic": "team-invites",
        "member": "u-41",
        "used": 46,
        "limit": 50,
        "unit": "seats",
        "plan": "Harbour",
        "upgrade_url": "https://tidewater.example/upgrade",
    },
    "invite": {
        "kind": "invite_teammates",
        "customer": "brightline",
        "mechanic": "team-invites",
        "asset": "seat-guide",
        "member": "u-41",
        "member_name": "Jo",
    },
}
"""What the vendor's product asks, in frames."""

PORTAL_OF = "halvorsen"
SLUG = "baltic-ports"
