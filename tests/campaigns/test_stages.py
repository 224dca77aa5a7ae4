"""The stages of a workspace: named, ordered, let go, and what becomes of the leads at them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Lead, Stage
from campaigns.stages import AT_MOST, USUAL, ChangedMeanwhileError, Named, change_stages, stages_of
from compliance.models import AuditEntry
from outreach_site.accounts.models import User
from tests.campaigns.conftest import Room
from tests.conftest import World


def keep(world: World, *stages: tuple[str, str], seen: list[str] | None = None) -> bool:
    named = [Named(before, name) for before, name in stages]
    seen = stages_of(world.here) if seen is None else seen
    return change_stages(world.here, named, seen=seen, user=world.marketer, now=timezone.now())


def posted(*stages: tuple[str, str], seen: tuple[str, ...] = USUAL, **more: str) -> dict[str, Any]:
    return {"before": [each[0] for each in stages], "name": [each[1] for each in stages], "seen": list(seen), **more}


AS_THEY_WERE = tuple((name, name) for name in USUAL)


def test_a_workspace_begins_with_the_usual_ones(world: World) -> None:
    assert stages_of(world.here) == list(USUAL)
    assert not keep(world, *AS_THEY_WERE)
    assert not Stage.objects.exists()


def test_leads_go_with_a_stage_that_is_renamed(room: Room) -> None:
    world = room.world
    first, second, third = room.leads
    for lead, stage in ((first, "Talking"), (second, "Draft sent"), (third, "Payment due")):
        Lead.objects.filter(pk=lead.pk).update(stage=stage)
    elsewhere = Stage.objects.create(workspace=world.elsewhere, name="Talking", position=0)
    # Two change names for each other's, one goes, one is new.
    assert keep(world, ("Draft sent", "Talking"), ("Talking", "Draft sent"), ("", "Invoice sent"))
    assert stages_of(world.here) == ["Talking", "Draft sent", "Invoice sent"]
    assert [Lead.objects.get(pk=lead.pk).stage for lead in room.leads] == ["Draft sent", "Talking", ""]
    assert stages_of(world.elsewhere) == [elsewhere.name]
    entry = AuditEntry.objects.get(event="stages.changed")
    assert entry.details["new"] == ["Talking", "Draft sent", "Invoice sent"]


def test_leads_of_another_workspace_stay(room: Room, world: World) -> None:
    Lead.objects.filter(pk=room.leads[0].pk).update(stage="Talking")
    change_stages(world.elsewhere, [Named("Talking", "Chatting")], seen=USUAL, user=world.stranger, now=timezone.now())
    assert Lead.objects.get(pk=room.leads[0].pk).stage == "Talking"


def test_nobody_overwrites_what_somebody_changed_meanwhile(world: World) -> None:
    keep(world, ("Talking", "Talking"), ("", "Invoice sent"))
    with pytest.raises(ChangedMeanwhileError):
        keep(world, *AS_THEY_WERE, seen=list(USUAL))
    answer = world.client(world.marketer).post("/w/orchard/campaigns/stages/", posted(*AS_THEY_WERE, save=""))
    assert answer.status_code == 409
    assert "Somebody changed the stages meanwhile" in answer.content.decode()
    assert stages_of(world.here) == ["Talking", "Invoice sent"]


# --- The page ---------------------------------------------------------------------------------------------------------


def test_it_is_saved(room: Room) -> None:
    data = posted(("Talking", "  In   talks "), ("", "Invoice <sent>"), save="")
    answer = room.client().post(room.url("stage_list"), data, follow=True)
    assert answer.redirect_chain == [(room.url("stage_list"), 302)]
    page = answer.content.decode()
    assert 'value="In talks"' in page
    assert "Invoice &lt;sent&gt;" in page
    assert "The stages are kept." in page


def test_it_answers_htmx(room: Room) -> None:
    answer = room.post("stage_list", data=posted(("", "One"), ("", "one"), save=""), htmx=True)
    assert answer.status_code == 422
    assert "<html" not in answer.content.decode()
    assert "stands there twice" in answer.content.decode()
    answer = room.post("stage_list", data=posted(("", "One"), save=""), htmx=True)
    assert answer["HX-Redirect"].endswith("/stages/")


def test_who_may(room: Room) -> None:
    users: list[tuple[User, int]] = [
        (room.world.viewer, 403), (room.world.officer, 403), (room.world.stranger, 404), (room.world.owner, 200),
    ]  # fmt: skip
    for user, status in users:
        assert room.get("stage_list", user=user).status_code == status
        if status != 200:
            assert room.post("stage_list", data=posted(("", "Theirs"), save=""), user=user).status_code == status
    assert not Stage.objects.exists()


def test_moving_and_removing_keep_what_was_typed_and_change_nothing(room: Room) -> None:
    typed = posted(("Talking", "In talks"), ("Draft sent", "Draft sent"), ("", "New one"), move="1")
    page = room.post("stage_list", data=typed).content.decode()
    assert page.index('value="Draft sent" maxlength') < page.index('value="In talks"') < page.index('value="New one"')
    page = room.post("stage_list", data=posted(("Talking", "In talks"), ("", "New one"), drop="0")).content.decode()
    assert 'value="In talks"' not in page
    assert 'value="New one"' in page
    assert not Stage.objects.exists()


@pytest.mark.parametrize("value", ["", "x", "-1", "99", "9" * 30, "²"])
def test_a_button_that_names_no_row(room: Room, value: str) -> None:
    assert room.post("stage_list", data=posted(("Talking", "Talking"), move=value)).status_code == 200


def test_a_stage_that_leads_stand_at_goes_only_when_confirmed(room: Room) -> None:
    Lead.objects.filter(pk__in=[lead.pk for lead in room.leads[:2]]).update(stage="Talking")
    without = posted(*AS_THEY_WERE[1:], save="")
    answer = room.post("stage_list", data=without)
    assert answer.status_code == 422
    assert "2 sites would have no stage" in answer.content.decode()
    assert stages_of(room.world.here) == list(USUAL)
    assert room.post("stage_list", data=without | {"confirmed": "yes"}).status_code == 302
    assert "Talking" not in stages_of(room.world.here)
    assert not Lead.objects.exclude(stage="").exists()


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([], "at least one"),
        ([("", f"Stage {number}") for number in range(AT_MOST + 1)], "There can be"),
        ([("", "x" * 41)], "at most 40"),
    ],
)
def test_what_cannot_be_kept(room: Room, stages: list[tuple[str, str]], words: str) -> None:
    answer = room.post("stage_list", data=posted(*stages, save=""))
    assert answer.status_code == 422
    assert words in answer.content.decode()
