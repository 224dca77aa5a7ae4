"""Plain words for what is stored as codes: events of the audit log, rules and their answers, plain subjects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse

from compliance.models import PolicyResult, Suppression
from compliance.policy import Outcome, Rule
from outreach_site.accounts.models import Workspace

EVENTS = {
    "letter.decided": "Letter decided",
    "letter.checked": "Address checked",
    "letter.ground_named": "Why we may write was named",
    "letter.approved": "Letter read and approved",
    "letter.cool_off_waived": "Decided to write anyway",
    "letter.requeued": "Letter put back into the queue",
    "letter.taken_up": "Letter put back among those that could not be sent",
    "letter.answer_queued": "Answer queued",
    "api.letters_queued": "A program queued letters",
    "api.letter_sent": "A program sent a letter",
    "letter.queued_for_another": "Letter prepared for a person whom a reply named",
    "letter.cancelled": "Letter cancelled",
    "letter.said_arrived": "Letter confirmed as arrived",
    "letter.said_not_arrived": "Letter confirmed as not arrived",
    "letter.said_lost": "Letter confirmed as lost",
    "letter.text_changed": "Text of a letter changed",
    "reply.tagged": "Reply tagged by hand",
    "reply.tag_undone": "Tag of a reply taken back",
    "reply.linked": "Reply tied to a lead by hand",
    "reply.unlinked": "Tie of a reply taken back",
    "letter.sent_by_hand": "Letter written by hand found in the Sent folder",
    "webhook.opened": "Webhook of a mailbox switched on",
    "webhook.shown": "Address of a webhook shown",
    "webhook.renewed": "Address of a webhook renewed",
    "webhook.key_set": "Signing key of a webhook set",
    "webhook.key_removed": "Signing key of a webhook taken away",
    "webhook.closed": "Webhook of a mailbox switched off",
    "endpoint.created": "Outgoing webhook made",
    "endpoint.changed": "Outgoing webhook changed",
    "endpoint.secret_changed": "Secret of an outgoing webhook renewed",
    "endpoint.switched_on": "Outgoing webhook switched on",
    "endpoint.switched_off": "Outgoing webhook switched off",
    "endpoint.removed": "Outgoing webhook removed",
    "mailbox.reading_changed": "What is read of a mailbox changed",
    "reply.report_set_aside": "Report about an address set aside",
    "sending.stopped": "All sending stopped",
    "sending.resumed": "Sending resumed",
    "lead.status_changed": "Status of a lead changed",
    "leads.exported": "Leads taken as a file",
    "attempts.exported": "Letters taken as a file",
    "replies.exported": "Replies taken as a file",
    "leads.import_begun": "File of leads begun",
    "leads.imported": "File of leads read in",
    "leads.import_cancelled": "File of leads stopped",
    "lead.changed": "Lead changed",
    "lead.marked": "Tag or person of a lead changed",
    "contact.chosen": "Another contact of a lead chosen",
    "contact.confirmed": "Use of a hidden address confirmed",
    "leads.changed": "Many leads changed",
    "leads.change_undone": "Change of many leads undone",
    "team.invited": "Somebody invited to the team",
    "team.joined": "Somebody joined the team",
    "team.added": "Somebody added to the team",
    "team.left": "Somebody left the team",
    "team.removed": "Somebody removed from the team",
    "team.role_changed": "Role in the team changed",
    "team.invitation_renewed": "Invitation sent again",
    "team.invitation_revoked": "Invitation withdrawn",
    "suppression.added": "Suppressed",
    "suppression.strengthened": "Reason made stronger",
    "suppression.lifted": "Suppression lifted",
    "suppression.undone": "Suppression taken back",
    "suppression.imported": "File of suppressions read",
    "never_pitch.added": "Site put on the never-pitch list",
    "never_pitch.removed": "Site taken off the never-pitch list",
    "unsubscribe.used": "Unsubscribe link used",
    "region.noted": "Where somebody is was noted",
    "region.forgotten": "Where somebody is was taken back",
    "consent.recorded": "Consent put on record",
    "consent.withdrawn": "Consent withdrawn",
    "consent.import_started": "List of consents handed in",
    "consent.imported": "List of consents read in",
    "privacy.requested": "Request about personal data written down",
    "privacy.answered": "Request answered",
    "privacy.closed": "Request closed without doing it",
    "privacy.erased": "Person erased",
    "privacy.pack_made": "Evidence pack handed out",
    "retention.applied": "Let go what was kept for long enough",
    "workspace.privacy_changed": "Privacy settings changed",
    "audit.exported": "Audit log taken as a file",
    "audit.head_exported": "Last seal of the audit log taken as a file",
    "audit.cut": "Beginning of the audit log cut",
    "admin.entered": "Admin opened",
    "hold.placed": "Held back",
    "hold.lifted": "Hold lifted",
    "mailbox.test_letter": "Test letter sent",
    "mailbox.test_letter_answered": "Test letter answered",
    "api_key.created": "API key made",
    "api_key.revoked": "API key revoked",
    "identity.made_default": "Sender identity made the default",
}

# What the audit page can be narrowed to: a word, and the beginnings of its events.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "letters": ("Letters", ("letter.", "sending.")),
    "suppression": ("Suppression", ("suppression.", "unsubscribe.", "never_pitch.")),
    "holds": ("Held back", ("hold.",)),
    "privacy": ("Consent and privacy", ("consent.", "privacy.", "retention.", "region.")),
    "replies": ("Replies", ("reply.",)),
    "campaigns": ("Campaigns and leads", ("campaign.", "lead.")),
    "mailboxes": ("Mailboxes", ("mailbox.", "webhook.")),
    "log": ("The log itself", ("audit.", "admin.")),
    "people": ("Team and settings", ("team.", "workspace.", "identity.", "api_key.", "user.", "account.")),
}

RULES = {
    Rule.REHEARSAL: "Rehearsal kept apart",
    Rule.VALID_ADDRESS: "A real address",
    Rule.IDENTITY: "Who writes",
    Rule.NOTICE: "Privacy notice",
    Rule.UNSUBSCRIBE: "A way to say no",
    Rule.SUPPRESSION: "Suppression list",
    Rule.NEVER_PITCH: "Sites never to pitch",
    Rule.HOLD: "Held back",
    Rule.CONVERSATION: "Already writing with them",
    Rule.COOL_OFF: "Written to lately",
    Rule.STEP: "Same letter of the campaign",
    Rule.DUPLICATE: "Same letter twice",
    Rule.REGION: "Rule of the region",
    Rule.SOURCE: "Where it was found",
    Rule.ADDRESS: "Kind of address",
    Rule.APPROVAL: "Read by a person",
    Rule.USER_CAP: "Your letters today",
    Rule.DOMAIN_CAP: "Letters to this domain today",
    Rule.DOMAIN_PACE: "Letters to this domain just now",
    Rule.RAMP_UP: "A new mailbox's slow start",
    Rule.MAILBOX_DAY: "This mailbox today",
    Rule.MAILBOX_HOUR: "This mailbox, last hour",
}

# Tone and word of each answer.
OUTCOMES = {
    Outcome.PASSED: ("good", "fine"),
    Outcome.WARNED: ("info", "worth knowing"),
    Outcome.WAITS: ("warn", "has to wait"),
    Outcome.ASKS: ("warn", "needs a person"),
    Outcome.REFUSED: ("bad", "not allowed"),
}

RESULTS = {
    PolicyResult.APPROVED: ("good", "allowed"),
    PolicyResult.BLOCKED: ("bad", "not allowed"),
    PolicyResult.DEFERRED: ("warn", "has to wait"),
}

REASON_TONES = {
    Suppression.Reason.MANUAL: "neutral",
    Suppression.Reason.NOT_INTERESTED: "warn",
    Suppression.Reason.HARD_BOUNCE: "info",
    Suppression.Reason.UNSUBSCRIBE: "bad",
    Suppression.Reason.OPT_OUT: "bad",
    Suppression.Reason.COMPLAINT: "bad",
    Suppression.Reason.ERASURE: "bad",
}

# Rooms above this one are linked to by name: they may show what is only a plain subject here.
_PAGES = {
    "reply": "inbox:reply_detail",
    "attempt": "campaigns:attempt_detail",
    "campaign": "campaigns:campaign_detail",
    "mailbox": "mailboxes:mailbox_edit",
    "suppression": "compliance:suppression_detail",
    "consent": "compliance:consent_detail",
    "consent_import": "compliance:consent_import_detail",
    "privacy_request": "compliance:request_detail",
}
_NOUNS = {
    "attempt": "letter",
    "api_key": "API key",
    "identity": "sender identity",
    "consent_import": "list of consents",
    "privacy_request": "request",
}


@dataclass(frozen=True)
class Link:
    label: str
    url: str = ""


def event_words(event: str) -> str:
    return EVENTS.get(event) or event.replace(".", " ").replace("_", " ").capitalize()


def subject_link(subject: str, here: Workspace) -> Link:
    """A plain subject such as `reply:7` as words, and where it can be looked at."""
    kind, _, number = subject.partition(":")
    if not kind:
        return Link("")
    noun = _NOUNS.get(kind, kind.replace("_", " "))
    label = "The entry in the list" if kind == "suppression" else f"{noun[:1].upper()}{noun[1:]} {number}".strip()
    try:
        return Link(label, reverse(_PAGES[kind], args=[here.slug, int(number)]))
    except (KeyError, ValueError, NoReverseMatch):
        return Link(label)


# Details that a page says elsewhere, or that mean nothing to a person.
_UNSAID = frozenset({"region_source", "scope", "hold", "added_by", "added_at", "reason", "rule"})
_DETAILS = {"ground": "Why we may write", "was": "Reason before", "source": "From"}


def detail_lines(details: dict[str, Any], here: Workspace) -> list[tuple[str, Link]]:
    """An entry's details as rows of a page: a word for each, and its value in words."""
    lines = []
    for key, value in details.items():
        if key in _UNSAID or value in (None, "", [], {}):
            continue
        label = _DETAILS.get(key) or key.replace("_", " ").capitalize()
        if key == "source" and ":" in str(value):
            lines.append((label, subject_link(str(value), here)))
        elif value in set(Suppression.Reason):
            lines.append((label, Link(Suppression.Reason(value).label)))
        elif isinstance(value, list):
            lines.append((label, Link(", ".join(map(str, value)))))
        else:
            lines.append((label, Link(str(value).replace("_", " ") if key == "ground" else str(value))))
    return lines


@dataclass(frozen=True)
class CheckLine:
    """One rule's answer as a row of a page."""

    label: str
    tone: str
    word: str
    sentence: str


def check_line(rule: str, outcome: str, sentence: str) -> CheckLine:
    """Also for rules and answers of another version, which an old entry may hold."""
    label = RULES[Rule(rule)] if rule in set(Rule) else rule.replace("_", " ").capitalize()
    tone, word = OUTCOMES[Outcome(outcome)] if outcome in set(Outcome) else ("neutral", outcome)
    return CheckLine(label=label, tone=tone, word=word, sentence=sentence)


def checks_in_order(checks: list[CheckLine]) -> list[CheckLine]:
    """What stands in the way first, what is worth knowing next, the rest in the order of the rules."""
    weight = {"bad": 0, "warn": 1, "info": 2}
    return sorted(checks, key=lambda check: weight.get(check.tone, 3))
