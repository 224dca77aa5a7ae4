"""The looks as figures: contrast, weight, the content policy, and what components promise to a screen reader."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import product
from math import cos, radians, sin
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from lucide.templatetags.lucide import lucide

from outreach_site.lib.looks import in_words
from tests.conftest import World
from tests.queued import run_queued

CSS = settings.BASE_DIR / "static" / "css"
JS = settings.BASE_DIR / "static" / "js"
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
KIB = 1024

# --- Contrast (WCAG 2.2: 1.4.3 for words, 1.4.11 for shapes and the bounds of controls) ------------------------------

GROUNDS = ("paper", "surface", "raised", "sunken", "hover", "selected")
TONES = ("good", "warn", "bad", "info")
WORDS = [
    *product(("ink", "ink-soft", "ink-faint"), GROUNDS),
    *product(("ink",), [f"{tone}-soft" for tone in TONES]),
    *product(("accent-ink",), ("paper", "surface", "raised", "sunken", "selected", "accent-soft")),
    *product(("on-accent",), ("accent", "accent-hover", "bad-fill", "bad-fill-hover")),
    *((f"{tone}-ink", ground) for tone in TONES for ground in (f"{tone}-soft", "paper", "surface", "raised")),
]
SHAPES = [
    *product(("line-strong", "accent-ink"), ("paper", "surface", "raised", "sunken")),
    *((tone, ground) for tone in TONES for ground in (f"{tone}-soft", "surface", "paper")),
    *product(("accent", *TONES), ("track",)),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_out_from_their_ground(theme: str) -> None:
    colours = tokens(theme)
    weak = {pair: ratio for pair in WORDS if (ratio := contrast(colours, *pair)) < 4.5}
    assert not weak


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shapes_stand_out_from_their_ground(theme: str) -> None:
    colours = tokens(theme)
    weak = {pair: ratio for pair in SHAPES if (ratio := contrast(colours, *pair)) < 3}
    assert not weak


def contrast(luminances: dict[str, float], one: str, other: str) -> float:
    dark, light = sorted((luminances[one], luminances[other]))
    return round((light + 0.05) / (dark + 0.05), 2)


def tokens(theme: str) -> dict[str, float]:
    """Relative luminance of every opaque colour of tokens.css in one theme."""
    colour = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
    pairs = re.findall(rf"--([\w-]+): light-dark\({colour}, {colour}\);", (CSS / "tokens.css").read_text())
    start = 1 if theme == "light" else 4
    return {pair[0]: luminance(*(float(part) for part in pair[start : start + 3])) for pair in pairs}


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """WCAG's relative luminance of an OKLCH colour, clipped to sRGB. Matrices: Ottosson, "A perceptual color space"."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = +4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(max(part, 0.0), 1.0) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_token_that_is_used_exists() -> None:
    written = "".join(path.read_text() for path in CSS.glob("*.css"))
    defined = set(re.findall(r"(--[\w-]+)\s*:", written))
    assert set(re.findall(r"var\((--[\w-]+)\)", written)) <= defined


# --- Weight ----------------------------------------------------------------------------------------------------------


def compressed(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_styles_stay_light() -> None:
    assert compressed(list(CSS.glob("*.css"))) < 25 * KIB


def test_scripts_stay_light_htmx_included() -> None:
    htmx = finders.find("django_htmx/htmx-2.min.js")
    assert isinstance(htmx, str)
    assert compressed([*JS.glob("*.js"), Path(htmx)]) < 30 * KIB


# --- The rules -------------------------------------------------------------------------------------------------------


# A file that is saved and read elsewhere, where our styles cannot be fetched; a letter of theirs, in a frame that may
# fetch nothing.
CARRY_THEIR_OWN_STYLE = {"evidence_file.html", "original_html.html"}


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: path.relative_to(settings.BASE_DIR / "templates").as_posix()
)
def test_a_template_keeps_to_the_content_policy(path: Path) -> None:
    written = re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
    forbidden = {
        "inline style": r"<style|\sstyle=",
        "inline script": r"<script(?![^>]*\b(?:src|type=\"application/json\"))",
        "inline handler": r"<[^>]*\son[a-z]+=|hx-on",
        "evaluated htmx attribute": r"hx-(?:vals|headers|trigger)=['\"](?:js|javascript):",
        "foreign host": r"(?:src|href)=\"https?://(?!example)",
    }
    if path.name in CARRY_THEIR_OWN_STYLE:
        del forbidden["inline style"]
    assert [name for name, pattern in forbidden.items() if re.search(pattern, written)] == []


def test_files_that_templates_name_exist() -> None:
    named = {name for path in TEMPLATES for name in re.findall(r"{% static ['\"]([^'\"]+)['\"] %}", path.read_text())}
    named |= {name for path in TEMPLATES for name in re.findall(r"{{ here_ }}([\w/.-]+)", path.read_text())}
    assert [name for name in sorted(named) if not finders.find(name)] == []


def test_every_style_and_script_of_ours_is_linked() -> None:
    linked = render_to_string("components/styles.html") + render_to_string("components/scripts.html")
    ours = {f"css/{path.name}" for path in CSS.iterdir()} | {f"js/{path.name}" for path in JS.iterdir()} - {
        "js/theme.js"
    }
    assert [name for name in sorted(ours) if name not in linked] == []


def test_icons_that_templates_name_exist() -> None:
    for path in TEMPLATES:
        for name in re.findall(r'{% lucide "([^"]+)"', path.read_text()):
            assert lucide(name), path


# --- Error pages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_an_error_page_needs_neither_context_nor_database(name: str) -> None:
    page = render_to_string(f"{name}.html")
    assert page.count("<h1>") == 1
    assert 'href="/"' in page, "it leads somewhere"


# --- Forms -----------------------------------------------------------------------------------------------------------


class Letter(forms.Form):
    subject = forms.CharField(help_text="Under 50 characters.", max_length=50)
    note = forms.CharField(required=False, widget=forms.Textarea)
    password = forms.CharField(required=False, widget=forms.PasswordInput)
    urgent = forms.BooleanField(required=False)
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


class Outline(HTMLParser):
    """Elements of a page: (tag, attributes), in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def one(self, tag: str, **wanted: str) -> dict[str, str | None]:
        (found,) = [
            attrs for name, attrs in self.elements if name == tag and all(attrs.get(k) == v for k, v in wanted.items())
        ]
        return found


def test_a_field_is_tied_to_its_help_and_errors() -> None:
    outline = Outline(str(Letter({"subject": ""})))
    control = outline.one("input", name="subject")
    assert control["aria-invalid"] == "true"
    ids = {attrs.get("id") for _, attrs in outline.elements}
    described_by = (control["aria-describedby"] or "").split()
    assert described_by == ["id_subject_helptext", "id_subject_error"]
    assert set(described_by) <= ids
    assert outline.one("label", **{"for": "id_subject"})


def test_a_group_of_choices_has_a_legend_and_is_tied_to_its_error() -> None:
    outline = Outline(str(Letter({})))
    assert outline.one("fieldset")["aria-describedby"] == "id_kind_error"
    assert outline.one("ul", id="id_kind_error")
    assert [tag for tag, _ in outline.elements].count("legend") == 1


def test_what_may_be_left_out_says_so() -> None:
    page = str(Letter())
    assert page.count('class="field__optional"') == 2, "note and password, but no checkbox"
    assert "notice" not in page


def test_a_password_can_be_looked_at_but_only_with_the_script() -> None:
    reveal = Outline(str(Letter())).one("button", **{"aria-controls": "id_password"})
    assert "hidden" in reveal


def test_a_long_form_lists_what_is_wrong_and_a_form_wide_error_comes_first() -> None:
    form = Letter({})
    assert 'href="#id_subject"' in str(form)
    form.add_error(None, "The server refused both.")
    assert str(form).index("The server refused both.") < str(form).index("<label")


def test_a_field_escapes_what_it_was_given() -> None:
    form = Letter({"subject": '"><script>x</script>', "kind": "a"})
    assert "<script>" not in str(form)


# --- Moments ---------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 3, 11, 15, 0, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=-20), "just now"),
        (timedelta(minutes=-7), "7 min ago"),
        (timedelta(hours=-4), "4 h ago"),
        (timedelta(hours=-20), "yesterday 19:00"),
        (timedelta(days=-3), "3 days ago"),
        (timedelta(days=-40), "30 Jan"),
        (timedelta(days=-400), "4 Feb 2025"),
        (timedelta(seconds=20), "in a moment"),
        (timedelta(minutes=25), "in 25 min"),
        (timedelta(hours=3), "today 18:00"),
        (timedelta(hours=18), "tomorrow 09:00"),
        (timedelta(days=3), "Sat 15:00"),
        (timedelta(days=30), "10 Apr"),
        (timedelta(days=330), "4 Feb 2027"),
    ],
)
def test_a_moment_in_words(away: timedelta, words: str) -> None:
    assert in_words(NOW + away, NOW) == words


def test_a_moment_shows_the_exact_time_on_hover() -> None:
    shown = render_to_string("components/when.html", {"at": NOW})
    assert "Wednesday 11 March 2026, 15:00 UTC" in shown
    assert 'datetime="2026-03-11T15:00:00+00:00"' in shown


def test_no_moment_is_a_dash() -> None:
    assert "–" in render_to_string("components/when.html", {"at": None})


# --- Components ------------------------------------------------------------------------------------------------------


def test_a_confirmation_posts_and_has_a_way_back() -> None:
    shown = Outline(
        render_to_string(
            "components/confirm.html",
            {"title": "Delete?", "action": "/x/delete/", "label": "Delete", "cancel_url": "/x/", "tone": "bad"},
        )
    )
    assert shown.one("form")["method"] == "post"
    assert shown.one("form")["action"] == "/x/delete/"
    assert shown.one("a")["href"] == "/x/"


def test_a_meter_speaks() -> None:
    shown = render_to_string("components/meter.html", {"value": 1200, "max": 2000, "label": "Letters today"})
    assert 'aria-label="Letters today: 1200 of 2000"' in shown
    assert 'width="1200"' in shown


# --- Sign-in pages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_a_page_of_sign_in_wears_the_look(world: World, name: str) -> None:
    page = world.client().get(reverse(name)).content.decode()
    assert 'class="public__card' in page
    assert page.count("<h1>") == 1


@pytest.mark.parametrize("name", ["account_email", "account_change_password", "mfa_index"])
def test_a_page_of_ones_account_stands_in_the_frame(world: World, name: str) -> None:
    page = world.client(world.owner).get(reverse(name), follow=True).content.decode()
    assert 'id="sidebar"' in page
    assert page.count("<h1>") == 1
    assert page.count("<main") == 1


def test_the_letter_for_a_new_password_is_plain(world: World, mailoutbox: list[EmailMessage]) -> None:
    world.client().post(reverse("account_reset_password"), {"email": world.owner.email})
    run_queued("outreach_site.accounts.tasks.send_password_reset")
    (letter,) = mailoutbox
    assert letter.subject == "Choose a new password for Linkletter"
    assert "/accounts/password/reset/key/" in letter.body
    assert "{" not in letter.body
