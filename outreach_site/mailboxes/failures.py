"""Any exception of a conversation with a mail server as one MailServerError."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator

from outreach_site.lib.patience import DeadlinePassedError
from outreach_site.mailboxes.advice import advice_for, refusal_sentence, token_refused
from outreach_site.mailboxes.answers import Phase, judge
from outreach_site.mailboxes.errors import MailServerError, Stage, Verdict, enhanced_status, one_line
from outreach_site.mailboxes.wire import ServerSettings


def classify_smtp_error(
    err: BaseException, *, server: ServerSettings | None = None, phase: Phase | None = None, handed_over: bool = False
) -> MailServerError:
    """Any failure of a conversation with an SMTP server as one MailServerError.

    `handed_over` says that the final dot was on its way: unless the server answered, it is then unknown whether it
    took the letter.
    """
    if isinstance(err, MailServerError):
        return err
    answer = _answer_of(err)
    if answer is None:
        if handed_over:
            return _uncertain(server, err)
        return classify_broken(err, server=server, phase=phase or Phase.CONNECT)
    code, raw, phase = answer[0], answer[1], _phase_of(err) or phase or Phase.GREETING
    words = one_line(raw, secrets=secrets_of(server))
    if handed_over and not 400 <= code < 600:
        return _uncertain(server, err, words=words)
    if phase is Phase.STARTTLS:
        return no_starttls(server, code=code, words=words)
    stage, verdict, permanent = judge(phase, code, words)
    by_token = server is not None and bool(server.access_token) and stage is Stage.SIGN_IN and permanent
    return MailServerError(
        token_refused(server) if by_token else refusal_sentence(stage, verdict, code),
        stage=stage,
        verdict=verdict,
        permanent=permanent,
        advice=advice_for(stage, verdict, server=server, words=words),
        code=code,
        enhanced=enhanced_status(words, code),
        server_words=words,
    )


def no_starttls(server: ServerSettings | None, *, code: int | None = None, words: str = "") -> MailServerError:
    """The server offers clear text only, or refused to turn to TLS."""
    temporary = code is not None and 400 <= code < 500
    return MailServerError(
        "The server does not offer STARTTLS, and passwords and letters never travel in clear text: nothing was sent.",
        stage=Stage.NO_STARTTLS,
        verdict=Verdict.RETRY if temporary else Verdict.MAILBOX_TROUBLE,
        permanent=not temporary,
        advice=advice_for(Stage.NO_STARTTLS, Verdict.MAILBOX_TROUBLE, server=server),
        code=code,
        server_words=words,
    )


def _uncertain(server: ServerSettings | None, err: BaseException, *, words: str = "") -> MailServerError:
    late = any(isinstance(each, TimeoutError) for each in chain(err))
    return MailServerError(
        "The letter was handed over, and then "
        + ("no answer came in time" if late else "the connection broke before the answer")
        + ": it may have been sent.",
        stage=Stage.TIMEOUT if late else Stage.PROTOCOL,
        verdict=Verdict.UNCERTAIN,
        permanent=False,
        advice="Look whether it arrived. It is not sent again by itself.",
        server_words=words,
        detail=one_line(str(err), secrets=secrets_of(server)),
    )


def classify_broken(err: BaseException, *, server: ServerSettings | None, phase: Phase) -> MailServerError:
    """A failure without an answer: connection, TLS, silence, or a server that says nothing sensible."""
    causes = list(chain(err))
    for cause in causes:
        if isinstance(cause, MailServerError):
            return cause
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, server)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return timed_out(server, phase=phase, whole=any(isinstance(cause, DeadlinePassedError) for cause in causes))
    if tls := next((cause for cause in causes if isinstance(cause, ssl.SSLError)), None):
        return _tls_failed(tls, server)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return MailServerError(
            f"The server refused the connection{_at(server)}: nothing listens there, or a firewall says no.",
            stage=Stage.REFUSED,
            verdict=Verdict.RETRY,
            permanent=False,
            advice=advice_for(Stage.REFUSED, Verdict.RETRY, server=server),
            detail=one_line(str(err)),
        )
    if isinstance(err, smtplib.SMTPNotSupportedError) and phase is Phase.STARTTLS:
        return no_starttls(server)
    if isinstance(err, smtplib.SMTPNotSupportedError):
        return MailServerError(
            "The server offers no way to sign in on this port.",
            stage=Stage.SIGN_IN,
            verdict=Verdict.MAILBOX_TROUBLE,
            permanent=True,
            advice="Port 587 or 465 is the one for people with an account; 25 is for other mail servers.",
            detail=one_line(str(err), secrets=secrets_of(server)),
        )
    if isinstance(err, smtplib.SMTPException) or any(
        isinstance(cause, (ConnectionResetError, BrokenPipeError, EOFError)) for cause in causes
    ):
        return MailServerError(
            f"The server ended the conversation while {phase}.",
            stage=Stage.PROTOCOL,
            verdict=Verdict.RETRY,
            permanent=False,
            advice=advice_for(Stage.PROTOCOL, Verdict.RETRY, server=server),
            detail=one_line(str(err), secrets=secrets_of(server)),
        )
    if isinstance(err, UnicodeError):
        return MailServerError(
            "An address in this letter has characters that the server cannot take.",
            stage=Stage.LETTER,
            verdict=Verdict.REFUSED_LETTER,
            permanent=True,
            advice="Use the address's form in plain letters.",
        )
    return MailServerError(
        f"The server cannot be reached{_at(server)}.",
        stage=Stage.REFUSED,
        verdict=Verdict.RETRY,
        permanent=False,
        advice=advice_for(Stage.REFUSED, Verdict.RETRY, server=server),
        detail=one_line(str(err), secrets=secrets_of(server)),
    )


def timed_out(server: ServerSettings | None, *, phase: Phase, whole: bool = False) -> MailServerError:
    if phase is Phase.CONNECT:
        sentence = f"The server did not answer in time{_at(server)}."
    elif whole:
        sentence = f"The conversation took too long and was ended while {phase}."
    else:
        sentence = f"The server fell silent while {phase}."
    return MailServerError(
        sentence,
        stage=Stage.TIMEOUT,
        verdict=Verdict.RETRY,
        permanent=False,
        advice=advice_for(Stage.TIMEOUT, Verdict.RETRY, server=server),
    )


def _certificate(err: ssl.SSLCertVerificationError, server: ServerSettings | None) -> MailServerError:
    host = server.host if server else "this host"
    # Numbers of OpenSSL's X509_V_ERR_*: 9 not yet valid, 10 expired, 18 and 19 self-signed, 20 and 21 unknown
    # issuer, 62 and 64 another name or address.
    number = getattr(err, "verify_code", 0)
    if number in {18, 19}:
        sentence = "The server's certificate is self-signed, so it does not prove that this is the right server."
        advice = advice_for(Stage.CERTIFICATE, Verdict.MAILBOX_TROUBLE, server=server)
    elif number in {62, 64}:
        sentence = f"The server's certificate is for another name than {host}."
        advice = (
            "Use the name that your provider's help page gives for its mail server; shared hosting often wants the "
            "server's own name instead of mail.yourdomain."
        )
    elif number in {9, 10}:
        sentence = (
            "The server's certificate has expired." if number == 10 else "The server's certificate is not valid yet."
        )
        advice = "Ask the host's support to renew it, and look whether this server's clock is right."
    else:
        sentence = "The server's certificate was not issued by an authority that this installation trusts."
        advice = advice_for(Stage.CERTIFICATE, Verdict.MAILBOX_TROUBLE, server=server)
    return MailServerError(
        sentence,
        stage=Stage.CERTIFICATE,
        verdict=Verdict.MAILBOX_TROUBLE,
        permanent=True,
        advice=advice,
        detail=one_line(getattr(err, "verify_message", "") or str(err)),
    )


def _tls_failed(err: ssl.SSLError, server: ServerSettings | None) -> MailServerError:
    reason = (getattr(err, "reason", None) or str(err)).upper()
    if any(word in reason for word in ("WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "RECORD_LAYER")):
        sentence = f"The server does not speak TLS from the start{_at(server)}."
        advice = "Choose STARTTLS with port 587 (143 to receive), or TLS with port 465 (993 to receive)."
    elif "PROTOCOL" in reason or "VERSION" in reason:
        sentence = "The server offers only versions of TLS that are no longer safe."
        advice = "Ask the host's support for TLS 1.2 or newer."
    else:
        sentence = "TLS with the server failed."
        advice = "Try the other port (465 or 587); if both fail, ask the host's support."
    lasting = any(word in reason for word in ("VERSION", "PROTOCOL", "RECORD_LAYER", "HTTP_REQUEST"))
    return MailServerError(
        sentence,
        stage=Stage.CERTIFICATE if "CERTIFICATE" in reason else Stage.PROTOCOL,
        verdict=Verdict.MAILBOX_TROUBLE if lasting else Verdict.RETRY,
        permanent=lasting,
        advice=advice,
        detail=one_line(str(err)),
    )


def _answer_of(err: BaseException) -> tuple[int, bytes | str] | None:
    """The server's reply in an exception of smtplib; None where it gave none."""
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        refused = next(iter(err.recipients.values()), None)
        return (refused[0], refused[1]) if refused else None
    if isinstance(err, smtplib.SMTPResponseException):
        # smtplib makes up "500 Line too long." itself, and -1 for an answer that is none.
        made_up = err.smtp_code == -1 or (type(err) is smtplib.SMTPResponseException and err.smtp_code == 500)
        return None if made_up else (err.smtp_code, err.smtp_error)
    return None


def _phase_of(err: BaseException) -> Phase | None:
    match err:
        case smtplib.SMTPAuthenticationError():
            return Phase.SIGN_IN
        case smtplib.SMTPSenderRefused():
            return Phase.SENDER
        case smtplib.SMTPRecipientsRefused():
            return Phase.RECIPIENT
        case smtplib.SMTPDataError():
            return Phase.LETTER
        case smtplib.SMTPConnectError() | smtplib.SMTPHeloError():
            return Phase.GREETING
    return None


def chain(err: BaseException) -> Iterator[BaseException]:
    """The exception and what it came from: smtplib turns timeouts into "disconnected" and keeps them as context."""
    seen: set[int] = set()
    current: BaseException | None = err
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def secrets_of(server: ServerSettings | None) -> tuple[str, ...]:
    if server is None:
        return ()
    passwords = (server.password, f"\0{server.user}\0{server.password}") if server.password else ()
    return (*passwords, server.access_token, server.sasl_token) if server.access_token else passwords


def _at(server: ServerSettings | None) -> str:
    return f" at {server.host}, port {server.port}" if server else ""
