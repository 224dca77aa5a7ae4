"""The pages of a sequence: steps are added, written, moved, taken out, and tried in two versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns import restoring, stepping
from campaigns.models import Attempt, Step, Task, Template
from compliance.models import AuditEntry, Kind
from tests.campaigns.conftest import HTMX, Room
from tests.campaigns.test_following import TUESDAY, add_step, send

LETTER = {"kind": "letter", "wait_days": 4, "letter_body": "Hi {name|there}, did you see it?"}


def order(room: Room) -> Sequence[int]:
    return [step.pk for step in room.campaign.steps.current()]


class TestAdding:
    def test_a_follow_up(self, room: Room) -> None:
        assert room.get("step_add", room.campaign.pk).status_code == 200
        answer = room.post("step_add", room.campaign.pk, LETTER)
        assert answer.status_code == 302
        step = Step.objects.get(position=2)
        assert (step.kind, step.wait_days, step.letter_body) == ("letter", 4, LETTER["letter_body"])
        assert AuditEntry.objects.filter(event="step.added").exists()
        page = room.get("campaign_letters", room.campaign.pk).content.decode()
        assert "4 working days later, in the same conversation" in page

    def test_a_task(self, room: Room) -> None:
        room.post("step_add", room.campaign.pk, {"kind": "task", "wait_days": 2, "letter_subject": "Call {them}"})
        assert Step.objects.get(position=2).kind == Step.Kind.TASK

    def test_htmx(self, room: Room) -> None:
        assert "HX-Redirect" in room.post("step_add", room.campaign.pk, LETTER, htmx=True).headers

    def test_for_a_stranger_is_nothing(self, room: Room) -> None:
        assert room.post("step_add", room.campaign.pk, LETTER, user=room.world.stranger).status_code == 404

    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"wait_days": 0}, "greater than or equal to 1"),
            ({"letter_body": ""}, "required"),
            ({"letter_body": "Hi {nmae}"}, "Did you mean {name}?"),
            ({"new_thread": "on"}, "needs a subject of its own"),
        ],
    )
    def test_nothing_typed_is_lost_where_something_is_wrong(
        self, room: Room, change: dict[str, object], sentence: str
    ) -> None:
        answer = room.post("step_add", room.campaign.pk, LETTER | change)
        assert answer.status_code == 422
        assert sentence in answer.content.decode().replace("&#x27;", "'")
        assert not Step.objects.filter(position=2).exists()

    def test_there_is_an_end_to_it(self, room: Room) -> None:
        for position in range(2, stepping.MOST_STEPS + 1):
            add_step(room, position)
        answer = room.post("step_add", room.campaign.pk, LETTER)
        assert "at most 8 steps" in answer.content.decode()

    def test_needs_a_first_letter(self, room: Room) -> None:
        room.step.delete()
        answer = room.get("step_add", room.campaign.pk)
        assert answer.url == room.url("campaign_letters", room.campaign.pk)


class TestWriting:
    def test_saves_and_brings_what_waits_up_to_date(self, room: Room) -> None:
        step = add_step(room)
        [letter] = room.queue(room.leads[0])
        send(letter)
        assert room.post("step_save", step.pk, LETTER).status_code == 302
        waiting = Attempt.objects.get(kind=Kind.FOLLOW_UP)
        assert waiting.body == "Hi Hannah Lindqvist, did you see it?"

    def test_htmx(self, room: Room) -> None:
        assert "HX-Redirect" in room.post("step_save", add_step(room).pk, LETTER, htmx=True).headers

    def test_is_not_for_strangers_nor_for_get(self, room: Room) -> None:
        step = add_step(room)
        assert room.post("step_save", step.pk, LETTER, user=room.world.stranger).status_code == 404
        assert room.get("step_save", step.pk).status_code == 405

    def test_a_viewer_reads(self, room: Room) -> None:
        step = add_step(room)
        page = room.get("step_detail", step.pk, user=room.world.viewer).content.decode()
        assert "once more about" in page
        assert "<textarea" not in page

    def test_the_first_letter_has_its_own_page(self, room: Room) -> None:
        assert room.get("step_detail", room.step.pk).url == room.url("campaign_letters", room.campaign.pk)
        assert room.post("step_save", room.step.pk, LETTER).status_code == 404


class TestPreview:
    def test_bears_the_first_subject_in_the_same_conversation(self, room: Room) -> None:
        answer = room.post("step_preview", room.campaign.pk, LETTER, htmx=True)
        text = answer.content.decode()
        assert "Re: A guide for " in text
        assert "did you see it?" in text
        assert "<html" not in text

    def test_or_one_of_its_own(self, room: Room) -> None:
        posted = LETTER | {"new_thread": "on", "letter_subject": "Another idea"}
        assert "Another idea" in room.post("step_preview", room.campaign.pk, posted, htmx=True).content.decode()

    def test_shows_the_second_version(self, room: Room) -> None:
        posted = {"step": room.step.pk, "other_subject": "Try this"}
        assert "Try this" in room.post("step_preview", room.campaign.pk, posted, htmx=True).content.decode()

    def test_without_scripts_is_the_page_with_what_was_typed(self, room: Room) -> None:
        text = room.post("step_preview", room.campaign.pk, LETTER).content.decode()
        assert "<textarea" in text
        assert text.count("did you see it?") == 2
        assert not Step.objects.filter(position=2).exists()

    def test_is_not_for_strangers_nor_for_get(self, room: Room) -> None:
        assert room.post("step_preview", room.campaign.pk, user=room.world.stranger).status_code == 404
        assert room.get("step_preview", room.campaign.pk).status_code == 405


class TestOrder:
    def test_changes_places(self, room: Room) -> None:
        two, three = add_step(room), add_step(room, 3)
        assert room.post("step_move", three.pk, {"to": "up"}).status_code == 302
        assert order(room) == [room.step.pk, three.pk, two.pk]
        room.post("step_move", three.pk, {"to": "down"}, htmx=True)
        assert order(room) == [room.step.pk, two.pk, three.pk]

    def test_the_first_letter_stays_the_first(self, room: Room) -> None:
        two = add_step(room)
        room.post("step_move", two.pk, {"to": "up"})
        room.post("step_move", room.step.pk, {"to": "down"})
        assert order(room) == [room.step.pk, two.pk]

    def test_is_not_for_strangers_nor_for_get(self, room: Room) -> None:
        two = add_step(room)
        assert room.post("step_move", two.pk, {"to": "up"}, user=room.world.stranger).status_code == 404
        assert room.get("step_move", two.pk).status_code == 405


class TestTakingOut:
    def test_asks_first_and_keeps_what_was_sent(self, room: Room) -> None:
        two = add_step(room)
        [letter] = room.queue(room.leads[0])
        send(letter)
        assert "Take this step out?" in room.get("step_remove", two.pk).content.decode()
        assert room.get("step_remove", two.pk, headers=HTMX).status_code == 200
        assert room.post("step_remove", two.pk).status_code == 302
        assert order(room) == [room.step.pk]
        assert Attempt.objects.get(kind=Kind.FOLLOW_UP).state == Attempt.State.CANCELLED
        assert AuditEntry.objects.filter(event="step.removed").exists()

    def test_a_place_may_be_taken_again(self, room: Room) -> None:
        two = add_step(room)
        room.post("step_remove", two.pk)
        room.post("step_add", room.campaign.pk, LETTER)
        assert len(order(room)) == 2

    def test_not_the_first_letter(self, room: Room) -> None:
        assert room.post("step_remove", room.step.pk).status_code == 404

    def test_is_not_for_strangers(self, room: Room) -> None:
        assert room.post("step_remove", add_step(room).pk, user=room.world.stranger).status_code == 404


class TestBringingBack:
    def test_whoever_waited_for_it_waits_again(self, room: Room) -> None:
        two, three = add_step(room), add_step(room, 3)
        letters = room.queue(*room.leads[:2])
        for letter in letters:
            send(letter, at=timezone.now())
        before = {letter.lead_id: letter.due_at for letter in Attempt.objects.filter(step=two)}
        page = room.client().post(room.url("step_remove", two.pk), follow=True).content.decode()
        assert room.url("step_bring_back", two.pk) in page
        assert Attempt.objects.filter(step=three, state=Attempt.State.QUEUED).count() == 2
        assert room.post("step_bring_back", two.pk).status_code == 302
        assert order(room) == [room.step.pk, two.pk, three.pk]
        waiting = Attempt.objects.filter(kind=Kind.FOLLOW_UP)
        assert {letter.lead_id: letter.due_at for letter in waiting} == before
        assert {(letter.step_id, letter.state, letter.reason) for letter in waiting} == {
            (two.pk, Attempt.State.QUEUED, "")
        }
        assert AuditEntry.objects.filter(event="step.brought_back").exists()

    def test_whoever_has_gone_on_stays_there(self, room: Room) -> None:
        two, three = add_step(room), add_step(room, 3)
        letters = room.queue(*room.leads[:2])
        for letter in letters:
            send(letter, at=timezone.now())
        room.post("step_remove", two.pk)
        ahead = Attempt.objects.get(step=three, lead=letters[0].lead_id)
        send(ahead, at=timezone.now())
        type(room.leads[1]).objects.filter(pk=letters[1].lead_id).update(status="replied")
        room.post("step_bring_back", two.pk)
        assert set(Attempt.objects.filter(step=two).values_list("state", flat=True)) == {Attempt.State.CANCELLED}
        assert Attempt.objects.get(pk=ahead.pk).state == Attempt.State.SENT

    def test_a_task_is_to_be_done_again(self, room: Room) -> None:
        two = add_step(room, kind=Step.Kind.TASK, letter_subject="Call them")
        add_step(room, 3)
        [letter] = room.queue(room.leads[0])
        send(letter, at=timezone.now())
        room.post("step_remove", two.pk)
        assert not Task.objects.open().exists()
        room.post("step_bring_back", two.pk)
        assert Task.objects.open().get().step == two
        assert not Attempt.objects.filter(kind=Kind.FOLLOW_UP).exists()

    def test_not_after_half_an_hour_nor_twice(self, room: Room) -> None:
        two = add_step(room)
        room.post("step_remove", two.pk)
        Step.objects.filter(pk=two.pk).update(retired_at=timezone.now() - timedelta(minutes=31))
        page = room.client().post(room.url("step_bring_back", two.pk), follow=True).content.decode()
        assert "cannot be undone any more" in page
        assert order(room) == [room.step.pk]
        Step.objects.filter(pk=two.pk).update(retired_at=timezone.now())
        for _ in range(2):
            assert "HX-Redirect" in room.post("step_bring_back", two.pk, htmx=True).headers
        assert AuditEntry.objects.filter(event="step.brought_back").count() == 1

    def test_not_what_was_taken_out_of_a_restored_database_before_it_was_claimed(self, room: Room) -> None:
        """The letters that waited for the step may have left in the time that this database has forgotten."""
        two = add_step(room, wait_days=1)
        [letter] = room.queue(room.leads[0])
        long_ago = timezone.now() - timedelta(days=5)
        Attempt.objects.update(created_at=long_ago)
        send(letter, at=long_ago)
        room.post("step_remove", two.pk)
        restoring.after_restore(timezone.now() - timedelta(hours=5), now=timezone.now())
        room.post("step_bring_back", two.pk)
        assert order(room) == [room.step.pk]
        assert Attempt.objects.get(step=two).state == Attempt.State.CANCELLED

    def test_is_not_for_others(self, room: Room) -> None:
        two = add_step(room)
        assert room.post("step_bring_back", two.pk, user=room.world.stranger).status_code == 404
        assert room.post("step_bring_back", two.pk, user=room.world.viewer).status_code == 403
        assert room.get("step_bring_back", two.pk).status_code == 405


class TestStartingFromATemplate:
    def test_a_follow_up_remembers_what_it_came_from(self, room: Room) -> None:
        room.template.body = "Hi {name|there}, once more."
        room.template.save()
        start = room.get("letter_start", room.campaign.pk, query="?step=new", headers=HTMX).content.decode()
        assert f"{room.url('step_add', room.campaign.pk)}?template={room.template.pk}" in start
        page = room.get("step_add", room.campaign.pk, query=f"?template={room.template.pk}").content.decode()
        assert "Hi {name|there}, once more." in page
        assert "Not saved yet" in page
        assert f'name="template" value="{room.template.pk}"' in page
        room.post("step_add", room.campaign.pk, LETTER | {"template": room.template.pk})
        step = Step.objects.get(position=2)
        assert step.template == room.template
        [letter] = room.queue(room.leads[0])
        send(letter, at=timezone.now())
        assert Attempt.objects.get(kind=Kind.FOLLOW_UP).template == room.template

    def test_one_that_is_there_keeps_its_text_until_it_is_saved(self, room: Room) -> None:
        two = add_step(room)
        start = room.get("letter_start", room.campaign.pk, query=f"?step={two.pk}").content.decode()
        assert f"{room.url('step_detail', two.pk)}?starter=" in start
        page = room.get("step_detail", two.pk, query=f"?template={room.template.pk}").content.decode()
        assert room.template.body in page
        assert Step.objects.get(pk=two.pk).letter_body == two.letter_body
        # Whoever may only read sees what is saved.
        page = room.get("step_detail", two.pk, query=f"?template={room.template.pk}", user=room.world.viewer)
        assert room.template.body not in page.content.decode()

    def test_a_template_of_somewhere_else_does_not_exist(self, room: Room) -> None:
        foreign = Template.objects.create(workspace=room.world.elsewhere, name="x", subject="x", body="x")
        assert room.get("step_add", room.campaign.pk, query=f"?template={foreign.pk}").status_code == 404
        assert room.post("step_add", room.campaign.pk, LETTER | {"template": foreign.pk}).status_code == 404
        assert room.get("letter_start", room.campaign.pk, query="?step=999999").status_code == 404


class TestSecondVersion:
    def test_of_the_subject(self, room: Room) -> None:
        assert room.get("step_second", room.step.pk).status_code == 200
        assert room.post("step_second", room.step.pk, {"other_subject": "Another"}).status_code == 302
        room.step.refresh_from_db()
        assert room.step.has_variants
        room.post("step_second", room.step.pk, {"other_subject": ""}, htmx=True)
        room.step.refresh_from_db()
        assert not room.step.has_variants

    def test_one_thing_at_a_time(self, room: Room) -> None:
        answer = room.post("step_second", room.step.pk, {"other_subject": "A", "other_body": "B"})
        assert answer.status_code == 422
        assert "Try one thing at a time" in answer.content.decode()

    def test_is_not_for_strangers_nor_of_tasks(self, room: Room) -> None:
        assert room.post("step_second", room.step.pk, user=room.world.stranger).status_code == 404
        assert room.get("step_second", add_step(room, kind=Step.Kind.TASK).pk).status_code == 404


def test_the_line_costs_the_same_for_many_steps(room: Room) -> None:
    for position in range(2, 6):
        add_step(room, position)
    [letter] = room.queue(room.leads[0])
    send(letter, at=TUESDAY)
    drawn = stepping.lines(room.campaign)
    assert [(line.number, line.waiting, line.done) for line in drawn[:3]] == [(1, 0, 1), (2, 1, 0), (3, 0, 0)]
    assert [(line.may_go_up, line.may_go_down) for line in drawn] == [
        (False, False),
        (False, True),
        (True, True),
        (True, True),
        (True, False),
    ]
