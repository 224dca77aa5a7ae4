"""The whole API against its own description: every operation, with what it asks for and with what it does not.

Schemathesis makes the requests: the examples, the edges of each field, and what hypothesis thinks of. Each person makes
the same ones, and the effects of each are taken back, so that the next one finds the workspace as it was. All its
checks are on: no 5xx, no code, media type, header or body that is not described, nothing accepted that the description
rules out, nothing open without a key. API_EXAMPLES=200 makes a long run of it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from django.core import mail
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis import CheckFunction
from schemathesis.specs.openapi.checks import negative_data_rejection

from campaigns.api.shared import one_line, plain_text
from outreach_site.accounts import keys
from outreach_site.accounts.models import Membership, Scope
from outreach_site.api import api
from outreach_site.wsgi import application
from tests.api.described import OPERATIONS
from tests.conftest import World
from tests.one_of_each import PK

PEOPLE = ("viewer", "marketer", "owner", "stranger", "nobody")
# Smaller numbers in a request stand for objects: they become the one that is there. Larger ones stay what they are.
SMALL = 1_000

schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
schema.app = application
schema.config.generation.update(
    max_examples=int(os.environ.get("API_EXAMPLES", "5")),
    deterministic=True,
    database="none",
    # Who calls is said by `headers`; what is open without a key is asked for all the same.
    with_security_parameters=False,
)
# A rule may refuse what the description allows, such as a cursor that no list gave out: 422 says which, and why.
schema.config.checks.positive_data_acceptance.expected_statuses += ["422"]


@pytest.fixture(params=PEOPLE)
def headers(request: pytest.FixtureRequest, workspace: World) -> dict[str, str]:
    """What each person sends along; nobody sends nothing."""
    if request.param == "nobody":
        return {}
    membership = Membership.objects.get(user=getattr(workspace, request.param))
    key = keys.issue(membership, name="walk", scopes=list(Scope), now=timezone.now())
    return {"Authorization": f"Bearer {key.secret}"}


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck))
def test_it_is_as_described(case: schemathesis.Case[Any], headers: dict[str, str]) -> None:
    point_at_objects(case)
    excluded: list[CheckFunction] = [negative_data_rejection] if becomes_right(case) else []
    with transaction.atomic():
        case.call_and_validate(headers=headers, excluded_checks=excluded)
        transaction.set_rollback(True)
    assert mail.outbox == []


def point_at_objects(case: schemathesis.Case[Any]) -> None:
    """Numbers that stand for objects become that of the one there is: else nearly every answer were 404."""
    for given in (case.path_parameters, case.body):
        if isinstance(given, dict):
            for name, value in given.items():
                if name.endswith("_id") and type(value) is int and 0 <= value < SMALL:
                    given[name] = PK
                if name == "lead_ids" and isinstance(value, list):
                    given[name] = [PK if type(one) is int and 0 <= one < SMALL else one for one in value]
    if case.path_parameters.get("mailbox", "").isdigit():
        case.path_parameters |= {"workspace": "orchard", "mailbox": str(PK)}


def becomes_right(case: schemathesis.Case[Any]) -> bool:
    """Whether a text is only too long for the spaces in it: texts are tidied first, and measured then."""
    operation = OPERATIONS[str(case.operation.definition.raw["operationId"])]
    return isinstance(case.body, dict) and not operation.takes(case.body) and operation.takes(tidied(case.body))


def tidied(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one_line(plain_text(value)) for name, value in body.items()}
