"""Mail as outreach brings it back: answers with quotations in several languages and clients, refusals, automatic
replies, bounces, newsletters. Made by number, always the same for the same number; 3 to 6 KB each.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
from dataclasses import dataclass
from random import Random

OUR_ADDRESS = "mara@orchardmedia.com"


@dataclass(frozen=True)
class Written:
    """A letter of ours that may be answered."""

    message_id: str
    recipient: str
    subject: str


def letter(number: int) -> Written:
    site = f"site{number}.com" if number % 4 else f"blog{number}.co.uk"
    token = hashlib.md5(str(number).encode()).hexdigest()
    return Written(f"<{token}@orchardmedia.com>", f"editor{number % 97}@{site}", f"A guide for the readers of {site}")


def message(number: int) -> bytes:
    """The message of this number; most answer `letter(number)`."""
    dice = Random(number)
    ours = letter(number)
    kind = dice.random()
    if kind < 0.08:
        return _bounce(ours, number, dice)
    if kind < 0.16:
        return _automatic(ours, number, dice)
    if kind < 0.19:
        return _newsletter(number, dice)
    if kind < 0.24:
        return _stranger(number, dice)
    words = _REFUSALS if kind < 0.36 else _OPT_OUTS if kind < 0.38 else _ANSWERS
    return _answer(ours, number, dice, dice.choice(words))


# --- What people write ------------------------------------------------------------------------------------------------

_ANSWERS = (
    ("en", ("Thanks for getting in touch. That sounds like a good fit for our readers, please send over a draft and we "
     "will have a look at it next week.\n\nCould you also tell me which page you would want to link to?")),
    ("en", ("Hi Mara,\n\nwe do publish sponsored articles. Our fee is 180 USD for one article with a do-follow link, "
     "payable by PayPal after it went live. Let me know if that works for you.")),
    ("en", ("Interesting. We have a series on balconies coming up in May. What exactly did you have in mind? I would "
     "need about 1,200 words and two pictures that you hold the rights to.")),
    ("en", "I passed this on to my colleague Jo, who looks after the garden section. You will hear from her."),
    ("de", ("Hallo Frau Voss,\n\nvielen Dank für Ihre Nachricht. Grundsätzlich klingt das spannend für uns. Schicken "
     "Sie mir gerne einen Themenvorschlag, dann bespreche ich das in der Redaktion.")),
    ("fr", ("Bonjour Mara,\n\nmerci pour votre message. Votre proposition nous intéresse, pouvez-vous nous envoyer un "
     "plan de l'article et nous dire quel lien vous souhaitez y placer ?")),
    ("es", ("Hola Mara:\n\ngracias por escribir. Nos parece una buena idea. ¿Cuál sería el tema y para cuándo lo "
     "tendrías listo?")),
    ("nl", "Hoi Mara,\n\nleuk voorstel! Stuur gerust een concept, dan kijken we of het bij onze lezers past."),
)  # fmt: skip
_REFUSALS = (
    ("en", "Thanks for thinking of us, but we are not interested in guest posts."),
    ("en", "No thanks. We write everything ourselves and do not accept contributions from outside."),
    ("de", "Guten Tag,\n\nvielen Dank, aber daran haben wir kein Interesse."),
    ("fr", "Bonjour,\n\nnous ne sommes pas intéressés. Bonne continuation."),
)
_OPT_OUTS = (
    ("en", "Please remove me from your list and do not contact me again."),
    ("de", "Bitte streichen Sie mich aus Ihrem Verteiler."),
)
_SIGNATURES = (
    (
        "Kind regards,\nEdda Brand\n\n-- \nEdda Brand | Editor\nBrightgarden Media Ltd, 14 Orchard Row, Leeds\n"
        "T +44 113 496 0000 | www.brightgarden.com"
    ),
    "Best,\nTom\n\nSent from my iPhone",
    (
        "Viele Grüße\nAnke Lehmann\n\n--\nRedaktion Gartenblick\nLindenweg 4, 10115 Berlin\nTel. 030 1234567\n"
        "Geschäftsführer: Jan Albers, HRB 12345 B, Amtsgericht Charlottenburg"
    ),
    "Cordialement,\nLucie Martin\nRédactrice en chef",
)
_OUR_LETTER = """Hello,

I liked your piece on raised beds, above all the drawing of the three layers: it is the first one that says how deep
the bark has to lie. We have measured water use in forty beds on balconies for two summers, and nobody seems to have
written about that yet. Would an article of about 1,200 words, with our figures and two photographs, be of use to your
readers? It would mention our page about irrigation as the source of the figures.

I could send an outline this week, and the text a week later.

Kind regards,
Mara Voss
Orchard Media, Lindenweg 4, 10115 Berlin
We found your address at https://example.com/imprint on 3 March 2026.
Not for you? One click, and we will not write again: https://outreach.example.com/u/{token}
"""
_ATTRIBUTIONS = {
    "en": "On Tue, 3 Mar 2026 at 09:12, Mara Voss <mara@orchardmedia.com> wrote:",
    "de": "Am 03.03.2026 um 09:12 schrieb Mara Voss <mara@orchardmedia.com>:",
    "fr": "Le mar. 3 mars 2026 à 09:12, Mara Voss <mara@orchardmedia.com> a écrit :",
    "es": "El mar, 3 mar 2026 a las 9:12, Mara Voss (<mara@orchardmedia.com>) escribió:",
    "nl": "Op di 3 mrt 2026 om 09:12 schreef Mara Voss <mara@orchardmedia.com>:",
}


def _answer(ours: Written, number: int, dice: Random, said: tuple[str, str]) -> bytes:
    language, words = said
    token = base64.urlsafe_b64encode(hashlib.sha256(str(number).encode()).digest()).decode().rstrip("=")
    quoted = _OUR_LETTER.format(token=token)
    text = f"{words}\n\n{dice.choice(_SIGNATURES)}\n\n{_ATTRIBUTIONS[language]}\n\n" + "\n".join(
        f"> {line}".rstrip() for line in quoted.split("\n")
    )
    head = _head(number, dice, sender=f"Edda Brand <{ours.recipient}>", subject=f"Re: {ours.subject}", answers=ours)
    if dice.random() < 0.45:
        return _alternative(head, text, _as_html(words, quoted, _ATTRIBUTIONS[language]))
    return _plain(head, text)


def _automatic(ours: Written, number: int, dice: Random) -> bytes:
    text = (
        "Thank you for your message. I am out of the office until 24 March 2026 with limited access to email. In "
        "urgent cases please turn to desk@brightgarden.com.\n\nKind regards\nEdda Brand\n" + _SIGNATURES[0]
    )
    head = _head(
        number, dice, sender=f"Edda Brand <{ours.recipient}>", subject="Automatic reply: A guide", answers=ours
    )
    return _plain(f"{head}Auto-Submitted: auto-replied\r\nX-Auto-Response-Suppress: All\r\n", text)


def _newsletter(number: int, dice: Random) -> bytes:
    text = "\n\n".join(f"News number {n}: what our readers asked us about compost this week." for n in range(25))
    head = _head(number, dice, sender="Garden Weekly <news@gardenweekly.org>", subject="This week in the garden")
    head += "List-Id: <weekly.gardenweekly.org>\r\nList-Unsubscribe: <https://gardenweekly.org/u/1>\r\n"
    return _alternative(f"{head}Precedence: bulk\r\n", text, _as_html(text, "", ""))


def _stranger(number: int, dice: Random) -> bytes:
    text = "Hello,\n\nwe build websites and would like to show you our work.\n\n" * 12
    return _plain(_head(number, dice, sender=f"Sam <sam@agency{number}.net>", subject="A quick question"), text)


def _bounce(ours: Written, number: int, dice: Random) -> bytes:
    head = _head(number, dice, sender="Mail Delivery System <MAILER-DAEMON@mx.orchardmedia.com>",
                 subject="Undelivered Mail Returned to Sender")  # fmt: skip
    status, words = dice.choice(
        (
            ("5.1.1", "550 5.1.1 The email account that you tried to reach does not exist."),
            ("5.2.2", "552 5.2.2 The recipient's inbox is out of storage space."),
            ("5.7.1", "550 5.7.1 Message rejected as spam by content scanning."),
        )
    )
    host = ours.recipient.partition("@")[2]
    body = f"""--=_report
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.orchardmedia.com.

I'm sorry to have to inform you that your message could not be delivered to one or more recipients. It's attached below.

<{ours.recipient}>: host mx.{host}[203.0.113.9] said: {words} (in reply to RCPT TO command)

--=_report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.orchardmedia.com
X-Postfix-Queue-ID: 4C1D2E3F
Arrival-Date: Tue,  3 Mar 2026 09:12:44 +0000 (UTC)

Final-Recipient: rfc822; {ours.recipient}
Original-Recipient: rfc822;{ours.recipient}
Action: failed
Status: {status}
Remote-MTA: dns; mx.{host}
Diagnostic-Code: smtp; {words}

--=_report
Content-Type: message/rfc822

From: Mara Voss <{OUR_ADDRESS}>
To: {ours.recipient}
Subject: {ours.subject}
Message-ID: {ours.message_id}
Date: Tue, 03 Mar 2026 09:12:40 +0000
Content-Type: text/plain; charset=utf-8

{_OUR_LETTER.format(token="x" * 20)}
--=_report--
"""
    head += 'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="=_report"\r\n'
    return (f"Return-Path: <>\r\n{head}Auto-Submitted: auto-replied\r\n\r\n" + body.replace("\n", "\r\n")).encode()


# --- How it travels ---------------------------------------------------------------------------------------------------


def _head(number: int, dice: Random, *, sender: str, subject: str, answers: Written | None = None) -> str:
    """The header fields that a message collects on its way; about two kilobytes."""
    host = sender.rpartition("@")[2].rstrip(">")
    stamp = f"Wed, {4 + number % 20:02d} Mar 2026 {number % 24:02d}:{number % 60:02d}:12 +0000"
    signed = base64.b64encode(dice.randbytes(256)).decode()
    signature = "\r\n        ".join(signed[at : at + 70] for at in range(0, len(signed), 70))
    lines = [
        f"Delivered-To: {OUR_ADDRESS}",
        *(
            f"Received: from relay{hop}.{host} (relay{hop}.{host} [203.0.113.{hop}])\r\n"
            f"        by mx{hop}.orchardmedia.com with ESMTPS id {dice.getrandbits(64):016x}\r\n"
            f"        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        {stamp}"
            for hop in range(1, 4)
        ),
        (
            f"Authentication-Results: mx.orchardmedia.com;\r\n       dkim=pass header.i=@{host} header.s=mail;\r\n"
            f"       spf=pass (domain of {host} designates 203.0.113.1 as permitted sender);\r\n       dmarc=pass"
        ),
        (
            f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={host}; s=mail;\r\n"
            f"        h=from:to:subject:date:message-id:in-reply-to:references;\r\n        b={signature}"
        ),
        f"From: {sender}",
        f"To: Mara Voss <{OUR_ADDRESS}>",
        f"Subject: {subject}",
        f"Date: {stamp}",
        f"Message-ID: <{number}.{dice.getrandbits(48):012x}@{host}>",
        "X-Mailer: Apple Mail (2.3774.600.62)",
    ]
    if answers is not None:
        lines += [f"In-Reply-To: {answers.message_id}", f"References: {answers.message_id}"]
    return "\r\n".join(lines) + "\r\n"


def _plain(head: str, text: str) -> bytes:
    head += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return f"{head}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode() + _quoted_printable(text)


def _alternative(head: str, text: str, html: str) -> bytes:
    head += 'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_both"\r\n\r\n'
    parts = []
    for kind, content in (("plain", text), ("html", html)):
        fields = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        parts.append(b"--=_both\r\n" + fields.encode() + _quoted_printable(content) + b"\r\n")
    return head.encode() + b"".join(parts) + b"--=_both--\r\n"


def _quoted_printable(text: str) -> bytes:
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")


def _as_html(words: str, quoted: str, attribution: str) -> str:
    said = "".join(f"<div>{line or '<br>'}</div>" for line in words.split("\n"))
    return (
        f'<html><body><div dir="ltr">{said}</div><br><div class="gmail_quote"><div class="gmail_attr">{attribution}<br>'
        f'</div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">'
        f"{quoted.replace(chr(10), '<br>')}</blockquote></div></body></html>"
    )
