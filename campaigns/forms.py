"""Forms of the campaigns room: what a person types, checked, with a sentence for whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from campaigns import leads
from campaigns.columns import sites_in
from campaigns.content import gaps_in
from campaigns.discovery.runs import MOST_ADDRESSES, MOST_SITES, Wanted
from campaigns.discovery.search import PATTERNS
from campaigns.grounds import BY_HAND
from campaigns.imports import LARGEST_FILE
from campaigns.languages import Language
from campaigns.models import Attempt, Campaign, Step, Template
from campaigns.rendering import BUILT_IN, placeholder_name, problems_in
from compliance.addresses import InvalidAddressError, normalise
from compliance.policy import Rule
from outreach_site.accounts.models import SenderIdentity, Workspace
from outreach_site.lib.addresses import in_one_line
from outreach_site.lib.tables import UnreadableFileError
from outreach_site.mailboxes.models import Mailbox

# Attributes of a field that takes a web address without its scheme, for phones' keyboards.
AN_ADDRESS = {"inputmode": "url", "autocapitalize": "off", "spellcheck": "false"}


class CampaignForm(forms.ModelForm[Campaign]):
    """A new campaign: a name, and keywords if wanted."""

    class Meta:
        model = Campaign
        fields = ("name", "keywords")
        help_texts = {"keywords": "What it is about, separated by commas. The first one fills {topic} in letters."}  # noqa: RUF012
        widgets = {  # noqa: RUF012 - Django's own convention
            "name": forms.TextInput(attrs={"autofocus": True, "placeholder": "Spring guide to balcony gardens"}),
            "keywords": forms.TextInput(attrs={"placeholder": "balcony gardening, container plants"}),
        }

    def clean_keywords(self) -> str:
        return tidy_keywords(self.cleaned_data["keywords"].split(","))


class CampaignSettingsForm(CampaignForm):
    class Meta(CampaignForm.Meta):
        fields = (  # type: ignore[assignment]  # longer
            "name",
            "keywords",
            "description",
            "identity",
            "mailbox",
            "more_mailboxes",
            "reply_to",
            "language",
            "with_html",
        )
        widgets = {  # noqa: RUF012 - as above
            "description": forms.Textarea(attrs={"rows": 3}),  # type: ignore[dict-item]  # another widget than above
            "more_mailboxes": forms.CheckboxSelectMultiple(),  # type: ignore[dict-item]
        }
        help_texts = {  # noqa: RUF012
            **CampaignForm.Meta.help_texts,
            "description": "For your team; nobody outside reads it.",
            "identity": "The person and organisation that every letter names.",
            "mailbox": "The address that letters come from and answers go to.",
            "more_mailboxes": "A first letter leaves from whichever has most room that day. Whoever was written to "
            "from one keeps hearing from it.",
            "reply_to": "Another address for answers. Empty: the mailbox that the letters come from. "
            "Answers are found here only where that mailbox is connected too.",
            "language": "Of the lines beneath each letter: who writes, where the address was found, how to say no.",
            "with_html": "The same words once more, with links that can be clicked. Plain text alone is read as a "
            "letter from a person, and is what we advise.",
        }

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        identities = SenderIdentity.objects.in_workspace(workspace).order_by("-is_default", "name")
        mailboxes = Mailbox.objects.in_workspace(workspace).in_use().exclude(smtp_host="")
        self.fields["language"].choices = [("", "As each letter is written"), *Language.choices]  # type: ignore[attr-defined]  # a choice field
        _choose_from(self.fields["identity"], identities, "Choose who writes")
        _choose_from(self.fields["mailbox"], mailboxes, "Choose a mailbox")
        if mailboxes.count() > 1:
            _choose_from(self.fields["more_mailboxes"], mailboxes, None)
        else:
            del self.fields["more_mailboxes"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        more, first = cleaned.get("more_mailboxes"), cleaned.get("mailbox")
        if more and first is not None:
            cleaned["more_mailboxes"] = more.exclude(pk=first.pk)
        elif more:
            self.add_error("mailbox", "Choose the first mailbox here, and further ones below.")
        return cleaned


_BRACES = re.compile(r"\{[^{}\n]{1,60}\}")


class ApprovalForm(forms.Form):
    """A finished letter in front of somebody who reads it before it leaves, and may still change its words."""

    subject = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    body = forms.CharField(label="Letter", max_length=20_000, widget=forms.Textarea(attrs={"rows": 14}), strip=False)
    ground = forms.ChoiceField(
        label="Why may you write to this person?",
        choices=[("", "Choose why you may write"), *((ground.value, ground.label) for ground in BY_HAND)],
        help_text="Where they live the rule is consent. What you say here is kept with the letter.",
    )

    def __init__(self, data: Any = None, *, letter: Attempt) -> None:
        super().__init__(data, initial={"subject": letter.subject, "body": letter.body})
        self.letter = letter
        if Rule.REGION not in letter.asks.split():
            del self.fields["ground"]

    def clean_subject(self) -> str:
        subject = in_one_line(self.cleaned_data["subject"])
        if not subject:
            raise forms.ValidationError("A letter needs a subject.")
        return self._filled(subject, self.letter.subject)

    def clean_body(self) -> str:
        body = self.cleaned_data["body"].replace("\r\n", "\n").replace("\r", "\n")
        if not body.strip():
            raise forms.ValidationError("A letter needs some words.")
        return self._filled(body, self.letter.body)

    def _filled(self, text: str, before: str) -> str:
        """Placeholders were filled when the letter was queued: one that is typed now would be read as it stands."""
        new = {*_BRACES.findall(text), *gaps_in(text)} - {*_BRACES.findall(before), *gaps_in(before)}
        if new:
            raise forms.ValidationError(f"{min(new)} would be read as it stands: write the words themselves.")
        return text


class ContactForm(forms.Form):
    """What is known of a site and of whom to write to there; what adding and editing share."""

    website_title = forms.CharField(
        label="Site's name", max_length=200, required=False, help_text="Fills {website}. Empty: the domain."
    )
    topic = forms.CharField(
        label="Topic", max_length=120, required=False, help_text="Fills {topic}. Empty: the campaign's first keyword."
    )
    contact_email = forms.CharField(
        label="Address",
        max_length=254,
        required=False,
        help_text="Whom letters go to. Without one, nothing can be sent.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    contact_name = forms.CharField(
        label="Their name", max_length=120, required=False, help_text="Fills {name} and {first_name}."
    )
    contact_role = forms.CharField(label="Their role", max_length=120, required=False)
    found_url = forms.CharField(
        label="Found at",
        max_length=500,
        required=False,
        help_text="The page that shows the address. The letter says where it was found.",
        widget=forms.TextInput(attrs={"placeholder": "brightgarden.com/contact", **AN_ADDRESS}),
    )

    def clean_contact_email(self) -> str:
        return clean_address(self.cleaned_data["contact_email"])

    def clean_found_url(self) -> str:
        return clean_page(self.cleaned_data["found_url"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        named = cleaned.get("contact_name") or cleaned.get("contact_role")
        if named and not cleaned.get("contact_email") and "contact_email" not in self.errors:
            self.add_error("contact_email", "Add their address, or leave their name and role empty.")
        return cleaned


class LeadForm(ContactForm):
    """A lead by hand."""

    website_url = forms.CharField(
        label="Site",
        max_length=leads.MAX_URL,
        widget=forms.TextInput(attrs={"placeholder": "brightgarden.com", "autocomplete": "off", **AN_ADDRESS}),
    )
    field_order = ("website_url",)

    def clean_website_url(self) -> str:
        try:
            return leads.read_site(self.cleaned_data["website_url"]).url
        except leads.NotASiteError as err:
            raise forms.ValidationError(str(err)) from err

    def as_new_lead(self) -> leads.NewLead:
        return leads.NewLead(**self.cleaned_data)


class LeadEditForm(ContactForm):
    """What is known about a lead. Its site stays: another site is another lead.

    Its own fields, and those that other leads of the campaign have, follow as `own_<number>`; one more may be begun.
    """

    new_name = forms.CharField(
        label="New field",
        max_length=60,
        required=False,
        help_text="Letters use it as {its name}.",
        widget=forms.TextInput(attrs={"placeholder": "latest article", "autocomplete": "off"}),
    )
    new_value = forms.CharField(label="Its value", max_length=500, required=False)
    found_passage = forms.CharField(
        label="What it says there",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The words beside the address, quoted.",
    )

    def __init__(self, *args: Any, own: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = [f"own_{number}" for number, _ in enumerate(own)]
        for key, (name, value) in zip(self.own, own.items(), strict=True):
            self.fields[key] = forms.CharField(label=name, max_length=500, required=False, initial=value)

    def own_fields(self) -> list[forms.BoundField]:
        return [self[key] for key in self.own]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        name = placeholder_name(cleaned.get("new_name", ""))
        if name in BUILT_IN:
            self.add_error("new_name", f"{{{name}}} is filled by itself. Choose another name.")
        elif name and name in {self.fields[key].label for key in self.own}:
            self.add_error("new_name", "This lead has a field of that name: change it above.")
        elif (cleaned.get("new_value") or cleaned.get("new_name")) and not _IS_NAME.fullmatch(name):
            self.add_error("new_name", "Give the field a name of letters and digits, such as latest article.")
        return cleaned

    def custom_fields(self) -> dict[str, str]:
        """What the lead's own fields are to be; an empty one goes."""
        values = {str(self.fields[key].label): self.cleaned_data[key] for key in self.own}
        values[placeholder_name(self.cleaned_data["new_name"])] = self.cleaned_data["new_value"]
        return {name: value for name, value in values.items() if name and value}


_IS_NAME = re.compile(r"[^\W\d]\w*")


_PASTED = """brightgarden.com, hannah@brightgarden.com, Hannah Lindqvist, Bright Garden
balconyharvest.com, tom@balconyharvest.com, Tom Okafor"""


class PasteForm(forms.Form):
    text = forms.CharField(
        label="Your list",
        max_length=leads.MAX_PASTE,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 12,
                "class": "mono",
                "autocapitalize": "off",
                "spellcheck": "false",
                "placeholder": _PASTED,
            }
        ),
    )


class ImportFileForm(forms.Form):
    """A file of leads."""

    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,text/csv,text/plain"}),
        error_messages={
            "required": "Choose a file first.",
            "empty": "There is nothing in this file.",
        },
        help_text=f"CSV or .xlsx, at most {LARGEST_FILE // 1024 // 1024} MB. Of a workbook, the first sheet is read.",
    )

    def clean_file(self) -> UploadedFile:
        chosen: UploadedFile = self.cleaned_data["file"]
        if chosen.size is not None and chosen.size > LARGEST_FILE:
            raise forms.ValidationError(f"At most {LARGEST_FILE // 1024 // 1024} MB at a time: split the file.")
        return chosen


class LetterForm(forms.ModelForm[Step]):
    """The text of a step. What is typed is checked for placeholders that nothing could ever fill."""

    class Meta:
        model = Step
        fields = ("letter_subject", "letter_body")
        widgets = {  # noqa: RUF012
            "letter_subject": forms.TextInput(attrs={"autocomplete": "off"}),
            "letter_body": forms.Textarea(attrs={"rows": 16, "class": "editor"}),
        }

    def __init__(self, *args: Any, custom_names: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.custom_names = list(custom_names)
        # A task's may be empty, and so the model's; a letter's may not.
        for field in self.fields.values():
            field.required = True

    def clean_letter_subject(self) -> str:
        return check_placeholders(self.cleaned_data["letter_subject"], self.custom_names)

    def clean_letter_body(self) -> str:
        return check_placeholders(self.cleaned_data["letter_body"], self.custom_names)


class TemplateForm(forms.ModelForm[Template]):
    class Meta:
        model = Template
        fields = ("name", "category", "subject", "body")
        help_texts = {"category": "Groups templates in the list."}  # noqa: RUF012
        widgets = {  # noqa: RUF012
            "category": forms.TextInput(attrs={"list": "template-categories", "autocomplete": "off"}),
            "subject": forms.TextInput(attrs={"autocomplete": "off"}),
            "body": forms.Textarea(attrs={"rows": 16, "class": "editor"}),
        }
        labels = {"body": "Letter"}  # noqa: RUF012

    def __init__(self, *args: Any, workspace: Workspace, custom_names: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace = workspace
        self.custom_names = list(custom_names)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Template.objects.in_workspace(self.workspace).exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError("There is a template of this name. Choose another one.")
        return name

    def clean_subject(self) -> str:
        return check_placeholders(self.cleaned_data["subject"], self.custom_names)

    def clean_body(self) -> str:
        return check_placeholders(self.cleaned_data["body"], self.custom_names)


def check_placeholders(text: str, custom_names: Iterable[str]) -> str:
    """The text, or every placeholder in it that nothing fills, with the nearest one that exists."""
    if problems := problems_in(text, custom_names=custom_names):
        raise forms.ValidationError([problem.sentence for problem in problems])
    return text


def clean_address(text: str) -> str:
    if text:
        try:
            normalise(text)
        except InvalidAddressError as err:
            raise forms.ValidationError(str(err)) from err
    return text


def clean_page(text: str) -> str:
    """A page on the web, as its address; "" for none."""
    if not text:
        return ""
    try:
        return leads.read_page_address(text)
    except leads.NotASiteError as err:
        raise forms.ValidationError("Give the web address of the page, such as brightgarden.com/contact.") from err


def tidy_keywords(words: Iterable[str]) -> str:
    """Each keyword once, in order, separated by a comma."""
    return ", ".join(dict.fromkeys(" ".join(word.split()) for word in words if word.strip()))


def _choose_from(field: forms.Field, choices: QuerySet[Any], empty_label: str | None) -> None:
    assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - for the type checker: both are foreign keys
    field.queryset = choices
    field.empty_label = empty_label


class DiscoveryForm(forms.Form):
    """What to search for; or sites that one knows already, and then nothing is searched."""

    use_required_attribute = False  # The keyword is needed only where no sites are pasted.

    keyword = forms.CharField(
        label="What should the sites be about?",
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "balcony gardening"}),
    )
    providers = forms.MultipleChoiceField(label="Ask", required=False, widget=forms.CheckboxSelectMultiple)
    patterns = forms.CharField(
        label="Patterns",
        required=False,
        max_length=5_000,
        initial="\n".join(PATTERNS),
        widget=forms.Textarea(attrs={"rows": 7, "class": "mono", "spellcheck": "false"}),
        help_text="One query a line. {keyword} is what you typed above.",
    )
    targets = forms.CharField(
        label="Our pages",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "https://example.com/guide", **AN_ADDRESS}),
        help_text="One a line. Sites that link to one of them already are marked.",
    )
    most_sites = forms.IntegerField(
        label="At most", initial=20, min_value=1, max_value=MOST_SITES, help_text="Sites that are read."
    )
    urls = forms.CharField(
        label="Or paste sites that you know",
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "brightgarden.com", **AN_ADDRESS}),
        help_text="One a line. They are read as they are, and nothing is searched.",
    )
    file = forms.FileField(
        label="Or a file of them",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,text/csv,text/plain"}),
        help_text=f"CSV or .xlsx with a column of sites, at most {MOST_ADDRESSES} at a time.",
    )

    def __init__(self, *args: Any, providers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose = self.fields["providers"]
        assert isinstance(choose, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        choose.choices = providers
        choose.initial = [name for name, _ in providers]
        if self.data.get("urls", "").strip() or self.files.get("file"):
            self.fields["keyword"].required = False
        self.fields["keyword"].error_messages["required"] = (
            "Type what the sites should be about, or paste sites that you know."
        )

    def clean_file(self) -> list[str]:
        chosen: UploadedFile | None = self.cleaned_data["file"]
        if chosen is None:
            return []
        if chosen.size is not None and chosen.size > LARGEST_FILE:
            raise forms.ValidationError(f"At most {LARGEST_FILE // 1024 // 1024} MB at a time: split the file.")
        try:
            return sites_in(chosen.read())
        except UnreadableFileError as err:
            raise forms.ValidationError(str(err)) from err

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        count = len(cleaned.get("urls", "").split()) + len(cleaned.get("file") or ())
        if count > MOST_ADDRESSES:
            sentence = (
                f"These are {count:,} sites: at most {MOST_ADDRESSES} are read at a time. Take the rest afterwards."
            )
            self.add_error("file" if cleaned.get("file") else "urls", sentence)
        return cleaned

    def clean_targets(self) -> list[str]:
        targets = self.cleaned_data["targets"].split()
        for target in targets:
            try:
                leads.read_site(target)
            except leads.NotASiteError as err:
                raise forms.ValidationError(f"“{target[:60]}”: {err}") from err
        return [leads.read_page_address(target) for target in targets]

    def wanted(self) -> Wanted:
        values = self.cleaned_data
        return Wanted(
            keyword=values["keyword"],
            patterns=values["patterns"].splitlines(),
            providers=values["providers"],
            urls=[*values["urls"].split(), *values["file"]],
            most_sites=values["most_sites"],
            targets=values["targets"],
        )
