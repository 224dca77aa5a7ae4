#!/usr/bin/env python
"""Linkletter's command line: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    # Letters, addresses and sessions are for this account alone; whatever is started from here inherits it.
    os.umask(0o077)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "outreach_site.settings")
    from django.core.management import execute_from_command_line
    from django.db import OperationalError
    from environs import EnvError

    try:
        execute_from_command_line(sys.argv)
    except EnvError as err:
        sys.exit(f"Linkletter cannot start: {err}")
    except OperationalError:
        from outreach_site.lib.reaching import why_unreachable

        # What else went wrong with the database is a fault, with its traceback.
        if not (why := why_unreachable()):
            raise
        sys.exit(why)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # As a shell says it; who pressed Ctrl-C knows why.
