"""The site's own settings for `manage.py up` in a test, with what it writes in a directory of the test's."""

from __future__ import annotations

import os
from pathlib import Path

from outreach_site.settings import *  # noqa: F403

VAR_DIR = Path(os.environ["UP_DIR"])
STATIC_ROOT = VAR_DIR / "static"
