from __future__ import annotations

import pytest

from compliance.addresses import InvalidAddressError, is_role_account, is_test, normalise, parents_of
from outreach_site.lib.domains import registrable


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (" Ada@Site.COM ", "ada@site.com"),
        ("Ada.Reed+links@GoogleMail.com", "adareed@gmail.com"),
        ("ada+x@outlook.com", "ada@outlook.com"),
        ("ada.reed+x@site.com", "ada.reed+x@site.com"),
        ("ada@müller.de", "ada@xn--mller-kva.de"),
        ("ada@brightgarden.test", "ada@brightgarden.test"),
    ],
)
def test_one_spelling_of_an_address(written: str, same: str) -> None:
    assert normalise(written) == same
    assert normalise(same) == same


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "ada@",
        "@site.com",
        "ada@site",
        "ada reed@site.com",
        "ada@site.com\nBcc: x@y.com",
        "ada@site.com, bea@site.com",
        '"ada reed"@site.com',
        "a" * 250 + "@site.com",
        "ada@-site.com",
        "ada@site..com",
    ],
)
def test_what_is_not_one_address(written: str) -> None:
    with pytest.raises(InvalidAddressError):
        normalise(written)


def test_domains() -> None:
    assert registrable("mail.example.co.uk") == "example.co.uk"
    assert registrable("a.brightgarden.test") == "brightgarden.test"
    assert parents_of("a.b.com") == ["a.b.com", "b.com", "com"]
    assert is_test("a@b.test")
    assert not is_test("a@test.com")
    assert is_role_account("info@x.com")
    assert not is_role_account("infor@x.com")
