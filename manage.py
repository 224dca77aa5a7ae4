#!/usr/bin/env python
"""Linkletter's command line: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "outreach_site.settings")
    from django.core.management import execute_from_command_line
    from environs import EnvError

    try:
        execute_from_command_line(sys.argv)
    except EnvError as err:
        sys.exit(f"Linkletter cannot start: {err}")


if __name__ == "__main__":
    main()
