"""Settings of an installation for which the web is one server on loopback: the site's own, and another way there.

Every name of the rehearsal's sites leads to LOCAL_WEB_PORT, and no other name exists. The addresses are vetted as
ever: what is put in is the resolver and the dialler, the very two that lib/web.py lets tests give.
"""

from __future__ import annotations

import os

from outreach_site.lib import web
from outreach_site.sandbox.correspondents import CAST
from outreach_site.settings import *  # noqa: F403
from tests.internet import PUBLIC, way_to

_names = {person.domain: [PUBLIC] for person in CAST}
_way = way_to({"http": int(os.environ["LOCAL_WEB_PORT"])}, names=_names)
web.Way = lambda: _way  # type: ignore[assignment,misc]  # whoever reads the web without a way of their own goes this one
