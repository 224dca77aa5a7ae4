"""What is known of the usual providers, so that nobody has to look up a host: servers, users, and what to know first.

Sources: the providers' own help pages on SMTP and IMAP access, and their terms of use.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from outreach_site.mailboxes.models import Provider, Security


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know before one starts; tone is info or warn."""

    text: str
    tone: str = "info"
    url: str = ""
    url_label: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    provider: Provider
    icon: str  # a Lucide name
    summary: str  # one line on the page where one chooses
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Security = Security.STARTTLS
    smtp_user: str = ""
    imap_host: str = ""
    imap_port: int = 993
    imap_security: Security = Security.TLS
    imap_example: str = ""  # shown in the empty field, where reading is not filled in by itself
    reads_by_password: bool = True  # False: reading needs another way (webhook, Connect with Microsoft)
    user_is_address: bool = True
    host_from_address: bool = False  # an empty host means mail.<domain of the address>
    hourly_limit: int | None = None
    notes: tuple[Note, ...] = ()
    host_choices: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        return self.provider.label


def _unsolicited(name: str) -> Note:
    return Note(
        f"{name}'s terms forbid unsolicited mail: write through it only to people who agreed to hear from you, or the "
        "account may be closed.",
        tone="warn",
    )


def _reads_elsewhere(name: str) -> Note:
    return Note(
        f"{name} has no inbox that could be read by IMAP. Replies come in by its webhook, or to a separate mailbox "
        "whose IMAP server you enter below; without either, only first letters are sent, and no follow-ups."
    )


SES_REGIONS = (
    ("us-east-1", "US East (N. Virginia)"),
    ("us-east-2", "US East (Ohio)"),
    ("us-west-1", "US West (N. California)"),
    ("us-west-2", "US West (Oregon)"),
    ("ca-central-1", "Canada (Central)"),
    ("eu-central-1", "Europe (Frankfurt)"),
    ("eu-west-1", "Europe (Ireland)"),
    ("eu-west-2", "Europe (London)"),
    ("eu-west-3", "Europe (Paris)"),
    ("eu-north-1", "Europe (Stockholm)"),
    ("eu-south-1", "Europe (Milan)"),
    ("ap-south-1", "Asia Pacific (Mumbai)"),
    ("ap-southeast-1", "Asia Pacific (Singapore)"),
    ("ap-southeast-2", "Asia Pacific (Sydney)"),
    ("ap-northeast-1", "Asia Pacific (Tokyo)"),
    ("ap-northeast-2", "Asia Pacific (Seoul)"),
    ("ap-northeast-3", "Asia Pacific (Osaka)"),
    ("sa-east-1", "South America (São Paulo)"),
    ("me-south-1", "Middle East (Bahrain)"),
    ("af-south-1", "Africa (Cape Town)"),
    ("il-central-1", "Israel (Tel Aviv)"),
)


def ses_host(region: str) -> str:
    return f"email-smtp.{region}.amazonaws.com"


PRESETS: dict[str, Preset] = {
    preset.provider.value: preset
    for preset in (
        Preset(
            Provider.GMAIL,
            icon="mail",
            summary="smtp.gmail.com, read by IMAP. Connect with Google, or an app password.",
            smtp_host="smtp.gmail.com",
            imap_host="imap.gmail.com",
            notes=(
                Note(
                    "Google accepts no ordinary password here: connect with Google, or switch 2-Step Verification on "
                    "and make an app password.",
                    url="https://myaccount.google.com/apppasswords",
                    url_label="Make an app password",
                ),
                Note("Gmail allows about 500 letters a day, Workspace 2,000."),
            ),
        ),
        Preset(
            Provider.OUTLOOK,
            icon="mail",
            summary="smtp.office365.com, read by IMAP. Connect with Microsoft.",
            smtp_host="smtp.office365.com",
            imap_example="outlook.office365.com",
            reads_by_password=False,
            notes=(
                Note(
                    "Reading by IMAP (outlook.office365.com, port 993) needs “Connect with Microsoft”: Microsoft no "
                    "longer accepts a password for it. With a password alone this mailbox sends first letters only.",
                    tone="warn",
                ),
                Note("An administrator must switch “Authenticated SMTP” on for it in the Microsoft 365 admin centre."),
            ),
        ),
        Preset(
            Provider.CPANEL,
            icon="server",
            summary="mail.yourdomain, port 465. Usually 100 letters an hour.",
            smtp_port=465,
            smtp_security=Security.TLS,
            host_from_address=True,
            hourly_limit=80,
            notes=(
                Note(
                    "Shared hosting usually allows 100 letters an hour for the whole domain; 80 leaves room for the "
                    "rest of your mail. A letter that is refused for it stays in the queue and goes the next hour."
                ),
                Note("If the certificate is for another name, use the name that cPanel shows under “Connect Devices”."),
            ),
        ),
        Preset(
            Provider.SENDGRID,
            icon="cloud",
            summary="smtp.sendgrid.net with an API key. Replies by webhook or IMAP elsewhere.",
            smtp_host="smtp.sendgrid.net",
            smtp_user="apikey",
            reads_by_password=False,
            user_is_address=False,
            notes=(
                _unsolicited("SendGrid"),
                Note("The user is the word “apikey”, and the password an API key that may send mail."),
                _reads_elsewhere("SendGrid"),
            ),
        ),
        Preset(
            Provider.MAILGUN,
            icon="cloud",
            summary="smtp.mailgun.org. Replies by webhook or IMAP elsewhere.",
            smtp_host="smtp.mailgun.org",
            reads_by_password=False,
            user_is_address=False,
            host_choices=(
                ("smtp.mailgun.org", "United States (smtp.mailgun.org)"),
                ("smtp.eu.mailgun.org", "European Union (smtp.eu.mailgun.org)"),
            ),
            notes=(
                _unsolicited("Mailgun"),
                Note("User and password are your sending domain's SMTP credentials: postmaster@mg.yourdomain."),
                _reads_elsewhere("Mailgun"),
            ),
        ),
        Preset(
            Provider.SES,
            icon="cloud",
            summary="The SMTP interface of one region. Replies by webhook or IMAP elsewhere.",
            smtp_host=ses_host("eu-west-1"),
            reads_by_password=False,
            user_is_address=False,
            host_choices=tuple((ses_host(region), f"{name}, {region}") for region, name in SES_REGIONS),
            notes=(
                _unsolicited("Amazon SES"),
                Note(
                    "User and password are SMTP credentials, made for one region in the SES console; the access keys "
                    "of your AWS account do not work. A new account sends only to addresses that it has verified."
                ),
                _reads_elsewhere("Amazon SES"),
            ),
        ),
        Preset(
            Provider.OTHER,
            icon="at-sign",
            summary="Any server with SMTP over TLS.",
            imap_example="imap.example.com",
        ),
    )
}


def preset_for(provider: str) -> Preset:
    """The preset of a provider; the rehearsal's has the post office's ports of this installation. Raises KeyError."""
    if provider == Provider.REHEARSAL:
        return Preset(
            Provider.REHEARSAL,
            icon="drama",
            summary="The post office on this machine.",
            smtp_host=settings.SANDBOX_HOST,
            smtp_port=settings.SANDBOX_PORTS["smtp"],
            imap_host=settings.SANDBOX_HOST,
            imap_port=settings.SANDBOX_PORTS["imaps"],
            notes=(Note("Letters of a rehearsal go to the post office on this machine and to nobody else."),),
        )
    return PRESETS[provider]
