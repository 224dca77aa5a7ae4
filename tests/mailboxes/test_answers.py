"""What servers say, and what it means: real texts, from the vendors' documentation and their servers."""
# ruff: noqa: E501 - a server's words are quoted whole, one answer a line

from __future__ import annotations

import smtplib
import ssl

import pytest

from outreach_site.lib.patience import DeadlinePassedError
from outreach_site.mailboxes.answers import Phase, judge
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict, enhanced_status, one_line
from outreach_site.mailboxes.failures import classify_smtp_error
from outreach_site.mailboxes.models import Security
from outreach_site.mailboxes.wire import ServerSettings

SERVER = ServerSettings("mail.example.com", 587, Security.STARTTLS, "mara@example.com", "s3cret-pass")

RATE, RETRY = Verdict.RATE, Verdict.RETRY
UNKNOWN, LETTER, TROUBLE = Verdict.RECIPIENT_UNKNOWN, Verdict.REFUSED_LETTER, Verdict.MAILBOX_TROUBLE

GMAIL = [
    (Phase.SIGN_IN, 535, "5.7.8 Username and Password not accepted. For more information, go to 5.7.8 https://support.google.com/mail/?p=BadCredentials a640c23a62f3a-gsmtp", TROUBLE),
    (Phase.SIGN_IN, 534, "5.7.9 Application-specific password required. For more information, go to 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor", TROUBLE),
    (Phase.SIGN_IN, 534, "5.7.14 <https://accounts.google.com/signin/continue?sarp=1> Please log in via your web browser and then try again.", TROUBLE),
    (Phase.SIGN_IN, 454, "4.7.0 Too many login attempts, please try again later. gsmtp", RATE),
    (Phase.SENDER, 530, "5.7.0 Authentication Required. Learn more at 5.7.0 https://support.google.com/mail/?p=WantAuthError", TROUBLE),
    (Phase.LETTER, 550, "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to 5.4.5 https://support.google.com/a/answer/166852 gsmtp", RATE),
    (Phase.RECIPIENT, 550, "5.1.1 The email account that you tried to reach does not exist. Please try 5.1.1 double-checking the recipient's email address for typos or unnecessary spaces. gsmtp", UNKNOWN),
    (Phase.RECIPIENT, 550, "5.2.1 The email account that you tried to reach is disabled. For more information, go to https://support.google.com/mail/?p=DisabledUser gsmtp", UNKNOWN),
    (Phase.RECIPIENT, 552, "5.2.2 The recipient's inbox is out of storage space. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaPerm gsmtp", RATE),
    (Phase.RECIPIENT, 450, "4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. gsmtp", RATE),
    (Phase.RECIPIENT, 450, "4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time.", RATE),
    (Phase.LETTER, 421, "4.7.0 Try again later, closing connection. (MAIL) gsmtp", RATE),
    (Phase.LETTER, 421, "4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address.", RATE),
    (Phase.LETTER, 550, "5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.", TROUBLE),
    (Phase.LETTER, 550, "5.7.1 [203.0.113.7      19] Our system has detected that this message is likely suspicious due to the very low reputation of the sending domain.", TROUBLE),
    (Phase.LETTER, 550, "5.7.1 [203.0.113.7      12] Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked.", LETTER),
    (Phase.LETTER, 552, "5.3.4 Your message exceeded Google's message size limits. Please visit https://support.google.com/mail/?p=MaxSizeError", LETTER),
    (Phase.LETTER, 552, "5.7.0 This message was blocked because its content presents a potential security issue.", LETTER),
    (Phase.LETTER, 451, "4.3.0 Mail server temporarily rejected message. gsmtp", RETRY),
]  # fmt: skip
MICROSOFT = [
    (Phase.SIGN_IN, 535, "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [FR0P281CA0123.DEUP281.PROD.OUTLOOK.COM]", TROUBLE),
    (Phase.SIGN_IN, 535, "5.7.3 Authentication unsuccessful [AM0PR10CA0012.EURPRD10.PROD.OUTLOOK.COM]", TROUBLE),
    (Phase.SENDER, 530, "5.7.57 Client not authenticated to send mail. [FR2P281CA0012.DEUP281.PROD.OUTLOOK.COM]", TROUBLE),
    (Phase.LETTER, 554, "5.2.252 SendAsDenied; mara@example.com not allowed to send as info@example.com; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied", TROUBLE),
    (Phase.LETTER, 550, "5.7.60 SMTP; Client does not have permissions to send as this sender", TROUBLE),
    (Phase.LETTER, 432, "4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", RATE),
    (Phase.LETTER, 432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded [Hostname=AM0PR10MB.EURPRD10.PROD.OUTLOOK.COM]", RATE),
    (Phase.LETTER, 554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message due to a permanent exception", RATE),
    (Phase.LETTER, 554, "5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message due to a permanent exception with message WASCL UserAction verdict is Suspend.", TROUBLE),
    (Phase.LETTER, 550, "5.2.2 Submission quota exceeded", RATE),
    (Phase.LETTER, 554, "5.2.2 The message can't be submitted because the sender's submission quota was exceeded", RATE),
    (Phase.LETTER, 550, "5.1.8 Access denied, bad outbound sender AS(42004)", TROUBLE),
    (Phase.RECIPIENT, 550, "5.7.705 Access denied, tenant has exceeded threshold", TROUBLE),
    (Phase.RECIPIENT, 550, "5.7.708 Service unavailable. Access denied, traffic not accepted from this IP.", TROUBLE),
    (Phase.RECIPIENT, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", UNKNOWN),
    (Phase.RECIPIENT, 550, "5.4.1 Recipient address rejected: Access denied. [AM6EUR05FT012.eop-eur05.prod.protection.outlook.com]", UNKNOWN),
    (Phase.RECIPIENT, 550, "5.1.1 RESOLVER.ADR.ExRecipNotFound; not found", UNKNOWN),
    (Phase.RECIPIENT, 552, "5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded", RATE),
    (Phase.RECIPIENT, 550, "5.7.606 Access denied, banned sending IP [203.0.113.7]. To request removal from this list please visit https://sender.office.com/", TROUBLE),
    (Phase.RECIPIENT, 451, "4.7.650 The mail server [203.0.113.7] has been temporarily rate limited due to IP reputation.", RATE),
    (Phase.RECIPIENT, 451, "4.7.500 Server busy. Please try again later from [203.0.113.7]. (AS77712)", RETRY),
    (Phase.LETTER, 550, "5.7.509 Access denied, sending domain example.com does not pass DMARC verification and has a DMARC policy of reject", TROUBLE),
    (Phase.LETTER, 550, "5.7.23 The message was rejected because of Sender Policy Framework violation", TROUBLE),
    (Phase.RECIPIENT, 550, "5.7.64 TenantAttribution; Relay Access Denied", TROUBLE),
    (Phase.RECIPIENT, 550, "5.7.1 Client was not authenticated", TROUBLE),
    (Phase.SENDER, 550, "5.1.0 Sender denied", TROUBLE),
    (Phase.GREETING, 421, "4.3.2 Service not available [DB3EUR04FT041.eop-eur04.prod.protection.outlook.com]", RATE),
]  # fmt: skip
# Of its table of refusals in Exchange Online: what a recipient, or whoever manages its mail, has set.
MICROSOFT_RECIPIENTS = [
    (Phase.RECIPIENT, 554, "5.1.0 Sender denied", LETTER),
    (Phase.RECIPIENT, 550, "5.7.12 Sender was not authenticated by organization", LETTER),
    (Phase.RECIPIENT, 550, "5.7.13 Sender was not authenticated for public folder", LETTER),
    (Phase.RECIPIENT, 550, "5.7.124 Sender not in allowed-senders list", LETTER),
    (Phase.RECIPIENT, 550, "5.7.133 Sender not authenticated for group", LETTER),
    (Phase.RECIPIENT, 550, "5.7.134 Sender was not authenticated for mailbox", LETTER),
    (Phase.LETTER, 550, "5.7.134 RESOLVER.RST.SenderNotAuthenticatedForMailbox; authentication required; Delivery restriction check failed because the sender was not authenticated when sending to this mailbox", LETTER),
    (Phase.RECIPIENT, 550, "5.7.135 Sender was not authenticated for public folder", LETTER),
    (Phase.LETTER, 550, "5.7.136 Sender was not authenticated", LETTER),
    (Phase.RECIPIENT, 550, "5.7.513 Service unavailable, Client host [203.0.113.5] blocked by brightgarden.example using Customer Block list (AS16012607)", LETTER),
]  # fmt: skip
POSTFIX = [
    (Phase.SIGN_IN, 535, "5.7.8 Error: authentication failed: UGFzc3dvcmQ6", TROUBLE),
    (Phase.SIGN_IN, 454, "4.7.0 Temporary authentication failure: Connection lost to authentication server", RETRY),
    (Phase.RECIPIENT, 550, "5.1.1 <ed@brightgarden.example>: Recipient address rejected: User unknown in virtual mailbox table", UNKNOWN),
    (Phase.RECIPIENT, 550, "5.1.1 <ed@brightgarden.example>: Recipient address rejected: User unknown in local recipient table", UNKNOWN),
    (Phase.RECIPIENT, 550, "5.1.2 <ed@nowhere.example>: Recipient address rejected: Domain not found", UNKNOWN),
    (Phase.RECIPIENT, 556, "5.1.10 <ed@example.com>: Recipient address rejected: Domain example.com does not accept mail (nullMX)", UNKNOWN),
    (Phase.RECIPIENT, 554, "5.7.1 <ed@brightgarden.example>: Relay access denied", TROUBLE),
    (Phase.RECIPIENT, 454, "4.7.1 <ed@brightgarden.example>: Relay access denied", TROUBLE),
    (Phase.RECIPIENT, 450, "4.1.1 <ed@brightgarden.example>: Recipient address rejected: unverified address: host mx.brightgarden.example[203.0.113.9] said: 454 4.7.1 <ed@brightgarden.example>: Relay access denied (in reply to RCPT TO command)", RETRY),
    (Phase.RECIPIENT, 550, "5.1.1 <ed@brightgarden.example>: Recipient address rejected: undeliverable address: host mx.brightgarden.example[203.0.113.9] said: 554 5.7.1 <ed@brightgarden.example>: Relay access denied (in reply to RCPT TO command)", LETTER),
    (Phase.RECIPIENT, 550, "5.1.1 <ed@brightgarden.example>: Recipient address rejected: undeliverable address: host mx.brightgarden.example[203.0.113.9] said: 550 5.1.1 <ed@brightgarden.example>: User unknown (in reply to RCPT TO command)", UNKNOWN),
    (Phase.RECIPIENT, 450, "4.2.0 <ed@brightgarden.example>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/brightgarden.example.html", RATE),
    (Phase.RECIPIENT, 450, "4.1.1 <ed@brightgarden.example>: Recipient address rejected: unverified address: connect timed out", RETRY),
    (Phase.RECIPIENT, 553, "5.7.1 <info@example.com>: Sender address rejected: not owned by user mara@example.com", TROUBLE),
    (Phase.SENDER, 550, "5.1.8 <mara@nowhere.example>: Sender address rejected: Domain not found", TROUBLE),
    (Phase.RECIPIENT, 554, "5.7.1 Service unavailable; Client host [203.0.113.7] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/203.0.113.7", TROUBLE),
    (Phase.RECIPIENT, 504, "5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname", TROUBLE),
    (Phase.SENDER, 552, "5.3.4 Message size exceeds fixed limit", LETTER),
    (Phase.SENDER, 452, "4.3.1 Insufficient system storage", RETRY),
    (Phase.LETTER, 451, "4.3.0 Error: queue file write error", RETRY),
    (Phase.RECIPIENT, 450, "4.7.1 Error: too much mail from 203.0.113.7", RATE),
    (Phase.GREETING, 421, "4.7.0 mail.example.com Error: too many connections from 203.0.113.7", RATE),
    (Phase.LETTER, 554, "5.7.1 Message rejected as spam by Content Filtering.", LETTER),
    (Phase.LETTER, 550, "5.7.1 Command rejected", LETTER),
    (Phase.RECIPIENT, 452, "4.2.2 <ed@brightgarden.example>: Mailbox full", RATE),
    (Phase.RECIPIENT, 550, "5.7.1 <ed@brightgarden.example>: Recipient address rejected: Please see http://www.openspf.net/Why?s=mfrom;id=mara; SPF fail", TROUBLE),
    (Phase.LETTER, 554, "5.4.6 Too many hops", LETTER),
]  # fmt: skip
EXIM_AND_CPANEL = [
    (Phase.SIGN_IN, 535, "Incorrect authentication data", TROUBLE),
    (Phase.LETTER, 550, "5.7.1 Domain example.com has exceeded the max emails per hour (80/80 (100%)) allowed. Message discarded.", RATE),
    (Phase.RECIPIENT, 550, "Domain example.com has exceeded the max emails per hour (100/100 (100%)) allowed.  Message will be reattempted later", RATE),
    (Phase.RECIPIENT, 550, "Domain example.com has exceeded the max defers and failures per hour (5/5 (100%)) allowed. Message discarded.", RATE),
    (Phase.RECIPIENT, 550, "No such user here", UNKNOWN),
    (Phase.RECIPIENT, 550, "No Such User Here\"", UNKNOWN),
    (Phase.RECIPIENT, 550, "Unrouteable address", UNKNOWN),
    (Phase.RECIPIENT, 550, "Please turn on SMTP Authentication in your mail client. host.example.net [203.0.113.7]:51515 is not permitted to relay through this server without authentication.", TROUBLE),
    (Phase.RECIPIENT, 550, "relay not permitted", TROUBLE),
    (Phase.RECIPIENT, 550, "Verification failed for <mara@example.com>\nNo Such User Here\nSender verify failed", TROUBLE),
    (Phase.RECIPIENT, 550, "Access denied - Invalid HELO name (See RFC2821 4.1.1.1)", TROUBLE),
    (Phase.RECIPIENT, 550, "The mail server could not deliver mail to ed@brightgarden.example.  The account or domain may not exist, they may be blacklisted, or missing the proper dns entries.", LETTER),
    (Phase.LETTER, 550, "High probability of spam", LETTER),
    (Phase.LETTER, 550, "Administrative prohibition", LETTER),
    (Phase.LETTER, 552, "Message size exceeds maximum permitted", LETTER),
    (Phase.RECIPIENT, 451, "Temporary local problem - please try later", RETRY),
    (Phase.GREETING, 421, "Too many concurrent SMTP connections; please try again later.", RATE),
    (Phase.GREETING, 554, "No SMTP service here", TROUBLE),
    (Phase.RECIPIENT, 550, "\"JunkMail rejected - host.example.net [203.0.113.7]:40022 is in an RBL: https://www.spamhaus.org/query/ip/203.0.113.7\"", TROUBLE),
]  # fmt: skip
# Its support's article on the limit on outgoing mail.
PLESK = [
    (Phase.LETTER, 554, "5.7.0 Your message could not be sent. The limit on the number of allowed outgoing messages was exceeded. Try again later.", RATE),
]  # fmt: skip
# As it words its codes.
RFC_7372 = [
    (Phase.LETTER, 550, "5.7.20 No passing DKIM signature found", TROUBLE),
    (Phase.LETTER, 550, "5.7.21 No acceptable DKIM signature found", TROUBLE),
    (Phase.LETTER, 550, "5.7.22 No valid author-matched DKIM signature found", TROUBLE),
    (Phase.LETTER, 550, "5.7.23 SPF validation failed", TROUBLE),
    (Phase.LETTER, 550, "5.7.24 SPF validation error", TROUBLE),
    (Phase.LETTER, 451, "4.7.24 SPF validation error", RETRY),
    (Phase.LETTER, 550, "5.7.25 Reverse DNS validation failed", TROUBLE),
    (Phase.LETTER, 550, "5.7.26 Multiple authentication checks failed", TROUBLE),
]  # fmt: skip
SES = [
    (Phase.SIGN_IN, 535, "Authentication Credentials Invalid", TROUBLE),
    (Phase.LETTER, 454, "Throttling failure: Maximum sending rate exceeded.", RATE),
    (Phase.LETTER, 454, "Throttling failure: Daily message quota exceeded.", RATE),
    (Phase.LETTER, 554, "Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: mara@example.com", TROUBLE),
    (Phase.LETTER, 554, "Message rejected: Sending paused for this account. For more information, please check the inbox of the email address associated with your AWS account.", TROUBLE),
    (Phase.LETTER, 554, "Message rejected: Sending suspended for this account.", TROUBLE),
    (Phase.LETTER, 554, "Access denied: User `arn:aws:iam::123456789012:user/ses' is not authorized to perform `ses:SendRawEmail' on resource `arn:aws:ses:eu-west-1:123456789012:identity/example.com'", TROUBLE),
    (Phase.LETTER, 554, "Transaction failed: Address contains illegal characters in user name: 'ed@'", LETTER),
    (Phase.LETTER, 554, "Transaction failed: Expected ';', got \"x\"", LETTER),
    (Phase.LETTER, 451, "Timeout waiting for data from client.", RETRY),
    (Phase.LETTER, 552, "Message is too long.", LETTER),
]  # fmt: skip
SENDGRID_MAILGUN_ZOHO = [
    (Phase.SIGN_IN, 535, "Authentication failed: Bad username / password", TROUBLE),
    (Phase.SIGN_IN, 451, "Authentication failed: Maximum credits exceeded", RATE),
    (Phase.LETTER, 550, "The from address does not match a verified Sender Identity. Mail cannot be sent until this error is resolved.", TROUBLE),
    (Phase.SENDER, 550, "Unauthenticated senders not allowed", TROUBLE),
    (Phase.SIGN_IN, 535, "5.7.0 Mailgun is not loving your login or password", TROUBLE),
    (Phase.LETTER, 421, "Sender rate limit exceeded", RATE),
    (Phase.LETTER, 550, "rate exceeded", RATE),
    (Phase.SENDER, 550, "Rate exceeded, try later", RATE),
    (Phase.LETTER, 554, "5.7.0 Message rejected due to hourly quota", RATE),
    (Phase.LETTER, 550, "hourly limit", RATE),
    (Phase.LETTER, 550, "5.7.1 Sandbox subdomains are for test purposes only. Please add your own domain or add the address to authorized recipients in Account Settings.", TROUBLE),
    (Phase.LETTER, 420, "4.7.0 Domain mg.example.com is not allowed to send: recipient limit exceeded", RATE),
    (Phase.LETTER, 550, "5.7.1 Domain mg.example.com is not allowed to send: The domain is unverified and requires DNS configuration.", TROUBLE),
    (Phase.SENDER, 554, "5.1.8 Email Outgoing Blocked", TROUBLE),
    (Phase.LETTER, 550, "5.4.6 Unusual sending activity detected. Please try after sometime", TROUBLE),
    (Phase.RECIPIENT, 553, "Relaying disallowed as info@example.com", TROUBLE),
    (Phase.LETTER, 550, "5.7.1 Account disabled: contact support", TROUBLE),
    (Phase.LETTER, 554, "Your account is inactive", TROUBLE),
    (Phase.RECIPIENT, 550, "Your account has been suspended due to abuse complaints", TROUBLE),
    (Phase.RECIPIENT, 550, "5.2.1 Mailbox disabled, not accepting messages", UNKNOWN),
    (Phase.RECIPIENT, 550, "5.1.1 User unknown; check your address book", UNKNOWN),
    (Phase.RECIPIENT, 550, "Recipient account is inactive", UNKNOWN),
]  # fmt: skip
YAHOO = [
    (Phase.LETTER, 554, "delivery error: dd This user doesn't have a yahoo.com account (ed@yahoo.com) [0] - mta4321.mail.bf1.yahoo.com", UNKNOWN),
    (Phase.LETTER, 554, "delivery error: dd Sorry, your message to ed@yahoo.com cannot be delivered. This mailbox is disabled (554.30). - mta1234.mail.ne1.yahoo.com", UNKNOWN),
    (Phase.LETTER, 552, "1 Requested mail action aborted, mailbox not found", UNKNOWN),
    (Phase.GREETING, 421, "4.7.0 [TSS04] Messages from 203.0.113.7 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes", RATE),
    (Phase.SENDER, 421, "4.7.0 [GL01] Message from (203.0.113.7) temporarily deferred - 4.16.50. Please refer to https://postmaster.yahooinc.com/error-codes", RATE),
    (Phase.GREETING, 553, "5.7.1 [BL21] Connections will not be accepted from 203.0.113.7, because the ip is in Spamhaus's list; see https://postmaster.yahooinc.com/error-codes", TROUBLE),
    (Phase.LETTER, 554, "5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", LETTER),
    (Phase.LETTER, 451, "4.3.2 Internal error reading data", RETRY),
]  # fmt: skip
# As servers put it in general; those about limits and accounts vary from one hosting company to the next.
OTHERS = [
    (Phase.RECIPIENT, 552, "Requested mail action aborted: exceeded storage allocation", RATE),
    (Phase.RECIPIENT, 550, "User mailbox exceeds allowed size: ed@brightgarden.example", RATE),
    (Phase.RECIPIENT, 550, "Mailbox has exceeded the limit", RATE),
    (Phase.RECIPIENT, 550, "Recipient's mailbox is over its storage limit", RATE),
    (Phase.RECIPIENT, 550, "5.7.1 <ed@brightgarden.example>: Recipient address rejected: Greylisted for 5 minutes", RATE),
    (Phase.LETTER, 550, "You have exceeded your daily email sending limit", RATE),
    (Phase.LETTER, 550, "Your sending limit of 200 messages per hour has been exceeded", RATE),
    (Phase.LETTER, 550, "Message discarded. Sender has exceeded the limit of 200 emails per hour", RATE),
    (Phase.LETTER, 554, "5.7.1 The message cannot be delivered because the limit on the number of outgoing email messages was exceeded", RATE),
    (Phase.RECIPIENT, 550, "5.7.1 <ed@brightgarden.example>: Recipient address rejected: Mail quota for your account exceeded", RATE),
    (Phase.LETTER, 550, "5.7.508 Access denied, [203.0.113.5] has exceeded permitted limits within range", RATE),
    (Phase.LETTER, 550, "5.2.121 Recipient's per hour message receive limit from specific sender exceeded.", RATE),
    (Phase.LETTER, 554, "Temporarily rejected, try again later", RETRY),
    (Phase.RECIPIENT, 550, "Mailbox unavailable. Try again later", RETRY),
    (Phase.RECIPIENT, 550, "Your email account has been disabled", TROUBLE),
    (Phase.RECIPIENT, 550, "5.7.1 SMTP access for this account has been disabled", TROUBLE),
    (Phase.RECIPIENT, 550, 'Outgoing mail from "example.com" has been suspended.', TROUBLE),
    (Phase.LETTER, 550, "5.7.501 Access denied, spam abuse detected", TROUBLE),
    (Phase.LETTER, 550, "5.7.502 Access denied, banned sender", TROUBLE),
    (Phase.LETTER, 550, "5.7.515 Access denied, sending domain example.com does not meet the required authentication level.", TROUBLE),
    (Phase.LETTER, 550, "5.7.25 [203.0.113.5] The IP address sending this message does not have a PTR record setup", TROUBLE),
    (Phase.LETTER, 554, "Transaction failed Unauthorized sender address.", TROUBLE),
    (Phase.RECIPIENT, 554, "5.7.1 <ed@brightgarden.example>: Recipient address rejected: Sender login mismatch", TROUBLE),
    (Phase.RECIPIENT, 550, "authenticated hosts or users only", TROUBLE),
    (Phase.RECIPIENT, 550, "5.7.1 RESOLVER.RST.AuthRequired; authentication required", LETTER),
    (Phase.RECIPIENT, 550, "5.7.136 RESOLVER.RST.RestrictedToRecipientsPermission; not authorized to send to the recipient because the sender isn't on the recipient's list of allowed senders", LETTER),
    (Phase.RECIPIENT, 550, "Account is disabled, contact support", LETTER),
    (Phase.RECIPIENT, 550, "5.4.1 All recipient addresses rejected : Access denied [DB5EUR01FT012.eop-EUR01.prod.protection.outlook.com]", UNKNOWN),
    (Phase.LETTER, 550, "Message was not accepted -- invalid mailbox.  Local mailbox ed@mail.ru is unavailable: account is disabled", UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("phase", "code", "words", "verdict"),
    [
        *(*GMAIL, *MICROSOFT, *MICROSOFT_RECIPIENTS, *POSTFIX, *EXIM_AND_CPANEL, *PLESK, *RFC_7372),
        *(*SES, *SENDGRID_MAILGUN_ZOHO, *YAHOO, *OTHERS),
    ],
)
def test_what_an_answer_means(phase: Phase, code: int, words: str, verdict: Verdict) -> None:
    stage, said, permanent = judge(phase, code, one_line(words))
    assert said is verdict
    assert permanent is (verdict in {UNKNOWN, LETTER, TROUBLE})
    if verdict is UNKNOWN:
        assert stage is Stage.RECIPIENT


def test_what_we_may_submit_is_not_the_recipients_limit() -> None:
    """Else each letter is tried in vain until it is given up, and the mailbox never slows down."""
    assert judge(Phase.LETTER, 550, "5.2.2 Submission quota exceeded") == (Stage.QUOTA, RATE, False)
    assert judge(Phase.LETTER, 552, "5.2.2 Mailbox full") == (Stage.RECIPIENT, RATE, False)


@pytest.mark.parametrize("name", ["ed@throttlemag.com", "ed@absorbshop.com", "spamhaus@x.com", "content@x.com"])
@pytest.mark.parametrize("words", ["5.1.1 <{}>: Recipient address rejected: User unknown", "No such user: {}"])
def test_whoever_chose_an_address_has_no_say_in_what_the_answer_means(words: str, name: str) -> None:
    assert judge(Phase.RECIPIENT, 550, words.format(name))[1] is UNKNOWN


@pytest.mark.parametrize(
    ("words", "code", "status"),
    [
        ("5.7.8 Error", 535, "5.7.8"),
        ("[BL21] 5.7.1 refused", 553, "5.7.1"),
        ("sorry, no mailbox here by that name (#5.1.1)", 550, "5.1.1"),
        ("4.16.55.1 is a version", 421, ""),
        ("5.1.1 but the code is temporary", 450, ""),
        ("203.0.113.7 is listed", 550, ""),
        ("no status at all", 550, ""),
    ],
)
def test_the_status_code_of_an_answer(words: str, code: int, status: str) -> None:
    assert enhanced_status(words, code) == status


def test_words_of_a_server_are_one_clean_line_without_secrets() -> None:
    said = b"5.7.8 no:\r\n s3cret-pass\x1b[31m czNjcmV0LXBhc3M= \xe2\x80\xae evil \xff"
    words = one_line(said, secrets=["s3cret-pass"])
    assert words == "5.7.8 no: [hidden] [31m [hidden] evil \ufffd"
    assert len(one_line("x" * 5000)) == 400


@pytest.mark.parametrize(
    "echo",
    [b"bad login mara@example.com / s3cret-pass", b"AUTH PLAIN AG1hcmFAZXhhbXBsZS5jb20AczNjcmV0LXBhc3M= refused"],
)
def test_a_server_that_echoes_the_password_does_not_spread_it(echo: bytes) -> None:
    err = classify_smtp_error(smtplib.SMTPAuthenticationError(535, echo), server=SERVER)
    assert "s3cret" not in err.server_words
    assert "czNjcmV0" not in err.server_words
    assert "s3cret" not in repr(err) + repr(SERVER) + str(err)


def failing(err: Exception, cause: Exception) -> Exception:
    err.__context__ = cause
    return err


@pytest.mark.parametrize(
    ("err", "phase", "handed_over", "stage", "verdict"),
    [
        (ConnectionRefusedError(111, "refused"), Phase.CONNECT, False, Stage.REFUSED, RETRY),
        (OSError(113, "No route to host"), Phase.CONNECT, False, Stage.REFUSED, RETRY),
        (TimeoutError("timed out"), Phase.CONNECT, False, Stage.TIMEOUT, RETRY),
        (failing(smtplib.SMTPServerDisconnected("x"), TimeoutError("timed out")), Phase.SIGN_IN, False, Stage.TIMEOUT, RETRY),
        (failing(smtplib.SMTPServerDisconnected("x"), DeadlinePassedError()), Phase.LETTER, False, Stage.TIMEOUT, RETRY),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), Phase.LETTER, False, Stage.PROTOCOL, RETRY),
        (smtplib.SMTPServerDisconnected("Connection unexpectedly closed"), Phase.LETTER, True, Stage.PROTOCOL, Verdict.UNCERTAIN),
        (failing(smtplib.SMTPServerDisconnected("x"), TimeoutError()), Phase.LETTER, True, Stage.TIMEOUT, Verdict.UNCERTAIN),
        (smtplib.SMTPDataError(-1, b"what?"), Phase.LETTER, True, Stage.PROTOCOL, Verdict.UNCERTAIN),
        (smtplib.SMTPResponseException(500, b"Line too long."), Phase.LETTER, True, Stage.PROTOCOL, Verdict.UNCERTAIN),
        (smtplib.SMTPDataError(354, b"go on"), Phase.LETTER, True, Stage.PROTOCOL, Verdict.UNCERTAIN),
        (smtplib.SMTPDataError(451, b"4.3.0 later"), Phase.LETTER, True, Stage.LETTER, RETRY),
        (smtplib.SMTPDataError(554, b"5.7.1 no"), Phase.LETTER, True, Stage.LETTER, LETTER),
        (smtplib.SMTPNotSupportedError("STARTTLS"), Phase.STARTTLS, False, Stage.NO_STARTTLS, TROUBLE),
        (smtplib.SMTPResponseException(454, b"TLS not available"), Phase.STARTTLS, False, Stage.NO_STARTTLS, RETRY),
        (smtplib.SMTPNotSupportedError("AUTH"), Phase.SIGN_IN, False, Stage.SIGN_IN, TROUBLE),
        (smtplib.SMTPConnectError(554, b"No SMTP service here"), Phase.GREETING, False, Stage.REFUSED, TROUBLE),
        (smtplib.SMTPRecipientsRefused({"ed@x.example": (550, b"No such user here")}), Phase.RECIPIENT, False, Stage.RECIPIENT, UNKNOWN),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), Phase.GREETING, False, Stage.PROTOCOL, TROUBLE),
    ],
)  # fmt: skip
def test_failures_become_one_error(
    err: Exception, phase: Phase, *, handed_over: bool, stage: Stage, verdict: Verdict
) -> None:
    said = classify_smtp_error(err, server=SERVER, phase=phase, handed_over=handed_over)
    assert isinstance(said, MailServerError)
    assert (said.stage, said.verdict) == (stage, verdict)
    assert said.uncertain is (verdict is Verdict.UNCERTAIN)
    assert said.sentence.endswith(".")
    assert said.permanent is (verdict in {UNKNOWN, LETTER, TROUBLE})


@pytest.mark.parametrize(
    ("host", "words", "advice"),
    [
        ("smtp.gmail.com", b"5.7.8 Username and Password not accepted", "app password"),
        ("smtp.office365.com", b"5.7.139 Authentication unsuccessful", "SMTP AUTH"),
        ("mail.example.com", b"Incorrect authentication data", "whole address"),
    ],
)
def test_advice_for_a_failed_sign_in_knows_the_provider(host: str, words: bytes, advice: str) -> None:
    server = ServerSettings(host, 587, Security.STARTTLS, "u", "p")
    assert advice in classify_smtp_error(smtplib.SMTPAuthenticationError(535, words), server=server).advice


def test_advice_where_nobody_signs_in_names_the_settings() -> None:
    refused = smtplib.SMTPRecipientsRefused({"ed@site.com": (454, b"4.7.1 <ed@site.com>: Relay access denied")})
    said = classify_smtp_error(refused, server=ServerSettings("mail.example.com", 587, Security.STARTTLS))
    assert "SMTP_USER" in said.advice
    assert "SMTP_USER" not in classify_smtp_error(refused, server=SERVER).advice


@pytest.mark.parametrize(
    ("port", "security", "advice"),
    [(465, Security.TLS, "587"), (587, Security.STARTTLS, "465"), (465, Security.STARTTLS, "TLS from the start")],
)
def test_advice_for_silence_names_the_other_port(port: int, security: Security, advice: str) -> None:
    server = ServerSettings("mail.example.com", port, security)
    said = classify_smtp_error(TimeoutError("timed out"), server=server, phase=Phase.CONNECT)
    assert "firewall" in said.advice
    assert advice in said.advice


@pytest.mark.parametrize(
    ("err", "says"),
    [
        (
            smtplib.SMTPAuthenticationError(535, b"5.7.8 Authentication failed"),
            ["Check user and password", "app password", "whole address"],
        ),
        (TimeoutError("timed out"), ["host", "firewall", "465", "587"]),
        (ConnectionRefusedError(111, "Connection refused"), ["host", "firewall", "465", "587"]),
        (
            smtplib.SMTPDataError(550, b"Domain has exceeded the max emails per hour (100/100) allowed"),
            ["Lower", "next hour", "larger plan"],
        ),
        (
            ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
            ["587", "host's support", "Do not switch the checking off"],
        ),
    ],
    ids=["535", "timeout", "refused", "rate", "self-signed"],
)
def test_the_troubles_that_people_know_say_what_to_do(err: Exception, says: list[str]) -> None:
    phases: dict[type[Exception], Phase] = {
        smtplib.SMTPAuthenticationError: Phase.SIGN_IN,
        smtplib.SMTPDataError: Phase.LETTER,
    }
    said = classify_smtp_error(err, server=SERVER, phase=phases.get(type(err), Phase.CONNECT))
    for words in says:
        assert words in said.advice, said.advice


def test_a_letter_beyond_the_rate_stays_in_the_queue() -> None:
    said = classify_smtp_error(
        smtplib.SMTPDataError(550, b"Domain has exceeded the max emails per hour (100/100) allowed"), server=SERVER
    )
    assert (said.verdict, said.permanent) == (Verdict.RATE, False)
    assert "stays in the queue" in said.sentence
