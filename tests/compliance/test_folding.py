"""Tags and dots that a provider ignores: dropped or not, as the server's setting says; for suppression always."""

from __future__ import annotations

from django.utils import timezone
from pytest_django import Settings

from compliance import suppression
from compliance.addresses import fold, normalise
from compliance.searching import suppressions_matching
from compliance.suppression import Suppression, suppress, suppressed_among
from tests.conftest import World


def test_the_setting_is_heard_at_once(settings: Settings) -> None:
    assert normalise("E.d+News@GoogleMail.com") == "ed@gmail.com"
    settings.FOLD_ADDRESSES = False
    assert normalise("E.d+News@GoogleMail.com") == "e.d+news@gmail.com"
    assert fold("e.d+news@gmail.com") == "ed@gmail.com"
    settings.FOLD_ADDRESSES = True
    assert normalise("E.d+News@GoogleMail.com") == "ed@gmail.com"


def test_only_where_the_provider_ignores_them() -> None:
    assert normalise("e.d+news@site.com") == "e.d+news@site.com"
    assert normalise("e.d+news@outlook.com") == "e.d@outlook.com"
    assert fold("+@gmail.com") == "+@gmail.com"


def test_no_change_of_the_setting_lifts_a_suppression(world: World, settings: Settings) -> None:
    now = timezone.now()
    for folds, address in ((True, "e.d+news@gmail.com"), (False, "a.d.a+news@gmail.com")):
        settings.FOLD_ADDRESSES = folds
        suppress(workspace=world.here, address=address, reason="opt_out", now=now)
    assert set(Suppression.objects.values_list("value", flat=True)) == {"ed@gmail.com", "ada@gmail.com"}
    for folds in (True, False):
        settings.FOLD_ADDRESSES = folds
        keys = [normalise(address) for address in ("e.d+other@gmail.com", "ed@gmail.com", "ada+x@gmail.com")]
        assert set(suppressed_among(world.here, keys)) == set(keys)
        assert Suppression.objects.filter(suppressions_matching("E.D+x@gmail.com")).exists()


def test_nor_an_erasure(world: World, settings: Settings) -> None:
    suppression.entomb(workspace=world.here, address=normalise("e.d@gmail.com"), now=timezone.now())
    settings.FOLD_ADDRESSES = False
    keys = {normalise("e.d@gmail.com"), normalise("ed+x@gmail.com")}
    assert set(suppressed_among(world.here, keys)) == keys
    assert suppression.erased_among(world.here, keys) == keys
