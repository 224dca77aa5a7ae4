"""The endpoints that programs were promised: paths, fields, defaults and codes, each under its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.api.described import OPERATIONS, SCHEMA, Operation

BASE = "/api/v1/backlink-outreach"
ONE = f"{BASE}/campaigns/{{campaign_id}}"
LETTER = ("subject", "body")


@dataclass(frozen=True)
class Promise:
    """`takes` are fields of the body or the query, those that must be given marked with `*`; `gives` those of the
    answer, or of each row of a list."""

    method: str
    path: str
    takes: str = ""
    gives: str = ""
    code: int = 200
    codes: tuple[int, ...] = ()
    defaults: tuple[tuple[str, Any], ...] = ()
    is_list: bool = False


LEAD = "website_url website_title contact_email quality_score relevance_score guest_post_likelihood source"
VERDICT = "allowed reason legal_basis daily_user_count daily_user_limit daily_domain_count daily_domain_limit region"
NUMBERS = (
    "total_leads leads_by_status total_attempts total_replies replies_by_classification response_rate placement_rate "
    "daily_send_volume"
)
TEMPLATE = "name subject body category"
PROMISES = (
    Promise("POST", f"{BASE}/campaigns", "*name description keywords", "id name description keywords", 201),
    Promise("GET", f"{BASE}/campaigns", gives="id name description keywords", is_list=True),
    Promise("GET", ONE, gives="id name description keywords"),
    Promise("DELETE", ONE, code=204),
    Promise("POST", f"{ONE}/leads", f"*{LEAD}", f"id {LEAD} status", 201, codes=(200,)),
    Promise("GET", f"{ONE}/leads", "status", f"id {LEAD} status", is_list=True),
    Promise("POST", f"{ONE}/leads/bulk", "*leads", "added skipped failed"),
    Promise("PATCH", f"{ONE}/leads/{{lead_id}}/status", "*status", "id status"),
    Promise("PATCH", f"{ONE}/leads/bulk-status", "*lead_ids *status", "updated failed"),
    Promise(
        "POST",
        f"{BASE}/discover/deep",
        "*keyword *campaign_id max_results save_to_campaign",
        "results saved_to_campaign save_failed",
        defaults=(("max_results", 20), ("save_to_campaign", False)),
    ),
    Promise("POST", f"{BASE}/emails/generate", "*topic tone template_id", "subject body"),
    Promise("POST", f"{BASE}/emails/personalize", "*base_email lead_name *lead_website content_topic", "subject body"),
    Promise("POST", f"{BASE}/emails/subject-suggestions", "*topic tone", "subjects"),
    Promise("POST", f"{BASE}/emails/follow-up", "*original_subject *original_body tone", "subject body"),
    Promise("POST", f"{BASE}/emails/templates", "*name *subject *body category", f"id {TEMPLATE}", 201),
    Promise("GET", f"{BASE}/emails/templates", gives=f"id {TEMPLATE}", is_list=True),
    Promise("GET", f"{BASE}/emails/templates/{{template_id}}", gives=f"id {TEMPLATE}"),
    Promise("DELETE", f"{BASE}/emails/templates/{{template_id}}", code=204),
    Promise(
        "POST", f"{BASE}/outreach/send", "*campaign_id *lead_id *subject *body", "id state subject", codes=(409, 500)
    ),
    Promise("POST", f"{BASE}/policy/validate", "*recipient_email *sender_email subject", VERDICT),
    Promise("GET", f"{ONE}/attempts", gives="id lead_id state subject sent_at", is_list=True),
    Promise("GET", f"{ONE}/follow-ups", gives="id lead_id state due_at", is_list=True),
    Promise("GET", f"{ONE}/replies", gives="id from_email subject classification lead_status", is_list=True),
    Promise("POST", f"{BASE}/replies/poll", "campaign_id", "replies_found failed"),
    Promise("POST", f"{BASE}/suppression", "email reason", "id email reason", 201, codes=(200,)),
    Promise("GET", f"{BASE}/suppression", gives="id email reason", is_list=True),
    Promise(
        "GET",
        f"{BASE}/audit-logs",
        gives="user_id lead_email sender_email subject policy_result reason legal_basis timestamp",
        is_list=True,
    ),
    Promise("GET", f"{ONE}/analytics", "days", NUMBERS, defaults=(("days", 30),)),
    Promise(
        "GET",
        f"{BASE}/reporting/snapshot",
        gives="total_campaigns total_sends total_replies total_placements overall_response_rate overall_placement_rate",
    ),
    Promise("GET", f"{ONE}/export/leads"),
    Promise("GET", f"{ONE}/export/attempts"),
    Promise("GET", f"{ONE}/export/replies"),
    Promise("POST", "/api/email/queue", "*recipients *subject *content", "message queueSize results"),
    Promise("GET", "/api/email/status", gives="pending sent failed sentCountThisHour limit"),
    Promise(
        "PATCH",
        "/api/v1/projects/{workspace}/integrations/{mailbox}/outbound-mail",
        "outboundMail",
        "outboundMail",
        codes=(503,),
    ),
    Promise(
        "POST",
        "/api/v1/projects/{workspace}/integrations/{mailbox}/outbound-mail/test",
        "outboundMail",
        "ok message",
        codes=(503,),
    ),
)


def called(promise: Promise) -> str:
    return f"{promise.method} {promise.path.removeprefix(BASE)}"


def operation_of(promise: Promise) -> Operation:
    [found] = [one for one in OPERATIONS.values() if (one.method, one.path) == (promise.method, promise.path)]
    return found


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:  # a body that may be left out
        [schema] = [one for one in schema["anyOf"] if one.get("type") != "null"]
    return SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


@pytest.mark.parametrize("promise", PROMISES, ids=called)
def test_it_takes_what_was_promised(promise: Promise) -> None:
    operation = operation_of(promise)
    if operation.request is not None:
        body = resolved(operation.request["schema"])
        fields, required = body["properties"], set(body.get("required", []))
    else:
        query = [one for one in operation.said["parameters"] if one["in"] == "query"]
        fields = {one["name"]: one["schema"] for one in query}
        required = {one["name"] for one in query if one["required"]}
    promised = promise.takes.split()
    assert {name.lstrip("*") for name in promised} <= set(fields)
    assert required == {name.lstrip("*") for name in promised if name.startswith("*")}
    for name, default in promise.defaults:
        assert fields[name]["default"] == default


@pytest.mark.parametrize("promise", PROMISES, ids=called)
def test_it_answers_as_promised(promise: Promise) -> None:
    responses = operation_of(promise).said["responses"]
    expected = {str(code) for code in (promise.code, *promise.codes, 401, 403, 404, 422)}
    assert expected <= set(responses)
    answer = responses[str(promise.code)]
    if "/export/" in promise.path:
        assert list(answer["content"]) == ["text/csv"]
    elif promise.code != 204:
        schema = answer["content"]["application/json"]["schema"]
        assert (schema.get("type") == "array") == promise.is_list
        given = resolved(schema["items"] if promise.is_list else schema)
        assert set(promise.gives.split()) <= set(given["properties"])


def test_statuses_and_tones_are_those_that_were_promised() -> None:
    schemas = SCHEMA["components"]["schemas"]
    statuses = "discovered contacted replied placed bounced unsubscribed lost"
    assert set(schemas["Status"]["enum"]) == set(statuses.split())
    assert set(schemas["NewDraft"]["properties"]["tone"]["enum"]) == {"professional", "friendly", "casual", "formal"}
    outcome = schemas["Outcome"]["properties"]
    assert {"recipient", "status", "reason"} <= set(outcome)
    assert {"date", "count"} == set(schemas["DayCount"]["properties"])
    settings = schemas["OutboundMail"]["properties"]
    assert set(settings) == {"host", "port", "secure", "user", "password", "fromEmail", "fromName", "verifyTls"}


def test_a_password_is_said_to_be_there_and_never_given() -> None:
    now = SCHEMA["components"]["schemas"]["OutboundMailNow"]["properties"]
    assert "hasSmtpPassword" in now
    assert not {name for name in now if "password" in name.lower()} - {"hasSmtpPassword", "smtpPasswordSetAt"}
