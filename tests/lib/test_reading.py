"""Rows read at once (lib/reading.py): they are what Django's own constructor would make of them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.db import models
from django.db.models.signals import post_init, pre_init
from pytest_django import DjangoAssertNumQueries

from campaigns.models import Campaign, Contact, Lead
from outreach_site.lib.reading import QuicklyRead
from tests.conftest import World

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUICK = [model for model in apps.get_models() if issubclass(model, QuicklyRead)]


@pytest.fixture
def lead(world: World) -> Lead:
    campaign = Campaign.objects.create(workspace=world.here, name="Spring", owner=world.marketer)
    made = Lead.objects.create(
        campaign=campaign, website_url="https://a.com", site_key="a.com", domain="a.com", custom_fields={"n": ["ü"]}
    )
    made.contact = Contact.objects.create(lead=made, email="ada@a.com", email_key="ada@a.com", found_at=NOW)
    made.save()
    return made


def test_every_column_is_there_as_django_reads_it(lead: Lead) -> None:
    read = Lead.objects.get()
    names = [field.attname for field in Lead._meta.concrete_fields]
    plain = Lead(*Lead.objects.values_list(*names).get())
    assert {name: getattr(read, name) for name in names} == {name: getattr(plain, name) for name in names}
    assert (read, read.pk, read._state.adding, read._state.db) == (lead, lead.pk, False, "default")
    assert not read.get_deferred_fields()


def test_what_was_left_out_is_read_when_it_is_asked_for(
    lead: Lead, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        read = Lead.objects.defer("custom_fields", "website_url").get()
    assert read.get_deferred_fields() == {"custom_fields", "website_url"}
    with django_assert_num_queries(1):
        assert read.custom_fields == {"n": ["ü"]} == read.custom_fields
    assert Lead.objects.only("domain").get().website_url == lead.website_url


def test_what_was_read_with_it_is_at_hand(lead: Lead, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        read = (
            Lead.objects.select_related("contact", "campaign").only("domain", "contact__email", "campaign__name").get()
        )
        assert (read.contact and read.contact.email, read.campaign.name) == ("ada@a.com", "Spring")
    with django_assert_num_queries(2):
        [one] = Lead.objects.prefetch_related("contacts")
        assert [contact.email for contact in one.contacts.all()] == ["ada@a.com"]


def test_it_is_changed_and_not_made_again(lead: Lead) -> None:
    read = Lead.objects.defer("custom_fields").get()
    read.topic = "beds"
    read.contact = None
    read.save()
    lead.refresh_from_db()
    assert (lead.topic, lead.contact_id, lead.custom_fields, Lead.objects.count()) == ("beds", None, {"n": ["ü"]}, 1)


@pytest.mark.parametrize("model", QUICK)
def test_nobody_waits_to_hear_of_one_that_is_read(model: type[models.Model]) -> None:
    assert not pre_init.has_listeners(model)
    assert not post_init.has_listeners(model)
    assert model.__init__ is models.Model.__init__
