"""Which of the names in a letter are custom fields that some lead really has."""

from __future__ import annotations

from django.db.models import QuerySet

from campaigns.models import Lead
from campaigns.rendering import BUILT_IN, names_in
from campaigns.starters import OWN_NAMES

_SAMPLE = 200


def custom_names_in(leads: QuerySet[Lead], *texts: str) -> list[str]:
    """The custom names among those that the texts use, and a sample of others to suggest. A name of the library's own
    letters stands before any lead has a field of that name.

    One query for the sample, and one for each name that it does not hold: exact without reading every lead.
    """
    sample = leads.exclude(custom_fields={}).order_by("-pk").values_list("custom_fields", flat=True)[:_SAMPLE]
    known = {name for fields in sample for name in fields}
    wanted = [name for name in names_in(*texts) if name not in BUILT_IN and name not in known]
    known |= OWN_NAMES.intersection(wanted)
    known |= {name for name in wanted[:20] if leads.filter(custom_fields__has_key=name).exists()}
    return sorted(known)
