"""Measurements: `make bench ONLY=gate`. Each prints a table for people and, as its last line, one JSON object.

Importing this package sets Django up with settings of its own, before any module asks for them.
"""

from __future__ import annotations

import os

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks._settings"
django.setup()
