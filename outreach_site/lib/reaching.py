"""Whether the database can be reached at all, said to the person who started something."""

from __future__ import annotations

from django.db import Error as DatabaseError
from django.db import connection


def why_unreachable() -> str:
    """A sentence that names DATABASE_URL without its password; empty where the database answers."""
    place = connection.settings_dict
    try:
        connection.close()
        connection.ensure_connection()
    except DatabaseError as err:
        server = f"{place['HOST'] or 'localhost'}:{place['PORT'] or 5432}, database " if place["USER"] else ""
        said = " ".join(str(err).split())
        return f"The database that DATABASE_URL names ({server}{place['NAME']}) does not answer: {said}"
    return ""
