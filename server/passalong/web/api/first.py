"""What a console asks as it starts: the Overview, the tail, and whose key it has. The API has them all among others."""

from __future__ import annotations

from passalong.web.api.customers import list_customers
from passalong.web.api.erasures import list_erasures
from passalong.web.api.events import tail_events
from passalong.web.api.keys import get_key
from passalong.web.api.mechanics import list_mechanics
from passalong.web.api.metric import get_metric
from passalong.web.api.theater import get_theater

FIRST = [get_metric, list_mechanics, get_theater, list_erasures, list_customers, tail_events, get_key]
