"""`read_message` and `poll_replies` as operators call them."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inbox.models import RawMessage, Reply
from outreach_site.accounts.models import Installation
from outreach_site.sandbox.running import RunningOffice
from tests.inbox.conftest import ReadBox, bounce, message

KEYS = {
    "path", "kind", "hardness", "recipients", "status", "reason", "classification", "intents", "intent_details",
    "confidence", "evidence", "suppress", "return_on", "from_name", "from_email", "subject", "message_id",
    "in_reply_to", "references", "text", "new_text", "seconds", "error",
}  # fmt: skip


def read(*args: str, **options: str) -> list[dict[str, object]]:
    out = StringIO()
    call_command("read_message", *args, stdout=out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_messages_from_files(tmp_path: Path) -> None:
    first, second = tmp_path / "1.eml", tmp_path / "2.eml"
    first.write_bytes(message("No thanks.\u2028Ed"))
    second.write_bytes(bounce())
    (tmp_path / "list.txt").write_text(f"{second}\n{tmp_path / 'missing.eml'}\n")
    rows = read(str(first), paths_from=str(tmp_path / "list.txt"))
    assert [set(row) for row in rows] == [KEYS] * 3
    assert (rows[0]["kind"], rows[0]["classification"], rows[0]["suppress"]) == ("reply", "not_interested", True)
    assert (rows[1]["kind"], rows[1]["hardness"], rows[1]["recipients"]) == ("bounce", "hard", ["ed@brightgarden.com"])
    assert "FileNotFoundError" in str(rows[2]["error"])


def test_texts(tmp_path: Path) -> None:
    lines = tmp_path / "texts.jsonl"
    lines.write_text(
        json.dumps({"id": "a", "subject": "Re: x", "text": "Unsubscribe me"})
        + '\n{"id": "b", "html": "<p>Sounds good</p>"}\nnonsense\n{"id": "c"}\n'
    )
    rows = read(texts=str(lines))
    assert [row["id"] for row in rows] == ["a", "b", None, "c"]
    assert rows[0]["intents"] == ["opt_out"]
    assert rows[1]["classification"] == "interested"
    assert rows[2]["error"]
    assert rows[3]["error"] == ""


def test_nothing_named() -> None:
    with pytest.raises(CommandError):
        read()


def test_poll_once(office_box: ReadBox, post_office: RunningOffice) -> None:
    post_office.put("alex@rehearsal.test", message())
    out = StringIO()
    call_command("poll_replies", "--once", "--mailbox", "alex@rehearsal.test", stdout=out)
    assert "1 new, 1 understood" in out.getvalue()
    assert Reply.objects.count() == 1
    with pytest.raises(CommandError):
        call_command("poll_replies", "--once", "--mailbox", "nobody@x.org", stdout=out)


def test_poll_once_says_what_failed(office_box: ReadBox, post_office: RunningOffice) -> None:
    mailbox = office_box.mailbox
    mailbox.imap_user = "nobody@rehearsal.test"
    mailbox.save()
    err = StringIO()
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("poll_replies", "--once", stdout=StringIO(), stderr=err)
    assert "did not accept the user name and password" in err.getvalue()


def test_a_copied_database_is_not_polled(office_box: ReadBox) -> None:
    Installation.objects.update(instance_id="another")
    with pytest.raises(CommandError, match="INSTANCE_ID"):
        call_command("poll_replies", "--once", stdout=StringIO())
    assert RawMessage.objects.count() == 0
