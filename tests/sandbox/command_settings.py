"""Settings for `manage.py post_office` in a process of its own: the tests' settings, with the ports of one test."""

from __future__ import annotations

import os
from pathlib import Path

from tests.settings import *  # noqa: F403

SANDBOX = "TEST_SANDBOX_OFF" not in os.environ
SANDBOX_DIR = Path(os.environ["TEST_SANDBOX_DIR"])
SANDBOX_PORTS = {
    name: int(os.environ.get(f"TEST_SANDBOX_{name.upper()}_PORT", "0")) for name in ("smtp", "smtps", "imap", "imaps")
}
