"""Notes on a lead, written in the lead's own card."""

from __future__ import annotations

from django.urls import reverse

from inbox.desk_models import Note
from tests.campaigns.conftest import HTMX, Room, room  # noqa: F401 - a fixture


def url(room: Room, name: str, *args: int, slug: str = "") -> str:  # noqa: F811
    return reverse(f"inbox:{name}", args=[slug or room.world.here.slug, room.leads[0].pk, *args])


def test_a_note_is_written_shown_and_deleted(room: Room) -> None:  # noqa: F811
    client = room.client()
    answer = client.post(url(room, "lead_note_create"), {"text": "Pays <b>late</b>"})
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Pays &lt;b&gt;late&lt;/b&gt;" in page
    assert "<html" in page
    note = Note.objects.get()
    assert (note.lead, note.user, note.workspace) == (room.leads[0], room.world.marketer, room.world.here)
    part = client.post(url(room, "lead_note_create"), {"text": "Second"}, headers=HTMX).content.decode()
    assert "Second" in part
    assert "<html" not in part
    mine = url(room, "lead_note_delete", note.pk)
    assert room.client(room.world.owner).post(mine).status_code == 404  # Only whoever wrote it.
    assert client.post(mine, headers=HTMX).status_code == 200
    assert Note.objects.get().text == "Second"
    assert client.post(url(room, "lead_note_delete", Note.objects.get().pk)).status_code == 302


def test_what_is_too_long_stays_typed(room: Room) -> None:  # noqa: F811
    answer = room.client().post(url(room, "lead_note_create"), {"text": "x" * 4001})
    assert answer.status_code == 422
    assert "x" * 4001 in answer.content.decode()
    assert not Note.objects.exists()


def test_a_note_is_changed_by_whoever_wrote_it(room: Room) -> None:  # noqa: F811
    note = Note.objects.create(workspace=room.world.here, lead=room.leads[0], user=room.world.marketer, text="Ours")
    client, mine = room.client(), url(room, "lead_note_edit", note.pk)
    assert 'maxlength="4000" rows="3" required>Ours</textarea>' in client.get(url(room, "lead_notes")).content.decode()
    assert client.post(mine, {"text": "Ours"}).status_code == 302
    note.refresh_from_db()
    assert note.edited_at is None  # Nothing was changed.
    answer = client.post(mine, {"text": "Pays <b>late</b>"})
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "Pays &lt;b&gt;late&lt;/b&gt;" in page
    assert ", changed" in page
    part = client.post(mine, {"text": "Pays at once"}, headers=HTMX).content.decode()
    assert "Pays at once" in part
    assert "<html" not in part
    assert room.client(room.world.owner).post(mine, {"text": "Mine"}).status_code == 404
    note.refresh_from_db()
    assert (note.text, note.user) == ("Pays at once", room.world.marketer)
    assert note.edited_at is not None


def test_a_change_that_cannot_be_kept_stays_typed(room: Room) -> None:  # noqa: F811
    note = Note.objects.create(workspace=room.world.here, lead=room.leads[0], user=room.world.marketer, text="Ours")
    for typed in ("x" * 4001, "  "):
        for headers, status in (({}, 422), (HTMX, 200)):
            answer = room.client().post(url(room, "lead_note_edit", note.pk), {"text": typed}, headers=headers)
            assert answer.status_code == status
            assert f"required>{typed}</textarea>" in answer.content.decode()
            assert '<details class="more small" open>' in answer.content.decode()
    note.refresh_from_db()
    assert note.text == "Ours"


def test_a_note_is_found_on_its_own_lead_alone(room: Room) -> None:  # noqa: F811
    note = Note.objects.create(workspace=room.world.here, lead=room.leads[1], user=room.world.marketer, text="Ours")
    for name in ("lead_note_edit", "lead_note_delete"):
        assert room.client().post(url(room, name, note.pk), {"text": "x"}).status_code == 404


def test_others_may_not(room: Room) -> None:  # noqa: F811
    note = Note.objects.create(workspace=room.world.here, lead=room.leads[0], user=room.world.marketer, text="Ours")
    actions = [
        url(room, "lead_note_create"),
        url(room, "lead_note_edit", note.pk),
        url(room, "lead_note_delete", note.pk),
    ]
    for action in actions:
        assert room.client(room.world.stranger).post(action, {"text": "x"}).status_code == 404
        assert room.client(room.world.viewer).post(action, {"text": "x"}).status_code == 403
        assert room.client().get(action).status_code == 405
    viewer = room.client(room.world.viewer).get(url(room, "lead_notes")).content.decode()
    assert "Ours" in viewer
    assert "Add note" not in viewer
    elsewhere = reverse("inbox:lead_notes", args=[room.world.elsewhere.slug, room.leads[0].pk])
    assert room.client(room.world.stranger).get(elsewhere).status_code == 404
