"""The visitor's pretend mailbox and phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import pyotp

from .. import clock
from ..store import Json, Tenant
from . import links, magic_link_emails, otp_records, totp_records, user_records
from . import messages as message_records


@dataclass(frozen=True)
class Mail:
    """An email that Stytch would have sent."""

    to: str
    kind: str  # login, signup, invite or reset_password
    subject: str
    text: str
    link: str
    sent_at: datetime
    expires: datetime
    used_or_expired: bool  # whether the link no longer works
    login_link: str = ""  # of a password reset: to sign in without a password

    @property
    def token(self) -> str:
        """The token in the link."""
        return _token(self.link)


@dataclass(frozen=True)
class Message:
    """A code that Stytch would have sent."""

    channel: str  # sms, whatsapp or email
    to: str
    text: str
    code: str
    sent_at: datetime
    expires: datetime
    used_or_expired: bool  # whether the code no longer works


@dataclass(frozen=True)
class Entry:
    """One account in an authenticator app."""

    label: str  # the email address
    issuer: str
    code: str
    seconds_left: int
    used: bool  # whether this code was already accepted
    verified: bool


def mails(tenant: Tenant) -> list[Mail]:
    """The tenant's emails, newest first."""
    return [
        Mail(
            **{name: mail[name] for name in ("to", "kind", "subject", "text", "link")},
            sent_at=clock.parse(mail["sent_at"]),
            expires=clock.parse(mail["expires"]),
            used_or_expired=_is_used_or_expired(tenant, mail["link"]),
            login_link=mail.get("login_link", ""),
        )
        for mail in reversed(tenant.all(magic_link_emails.MAIL))
    ]


def messages(tenant: Tenant, *channels: str) -> list[Message]:
    """The tenant's codes by these channels, or by all, newest first."""
    return [
        Message(
            **{name: message[name] for name in ("channel", "to", "code")},
            text=_text(message["code"], expires),
            sent_at=clock.parse(message["sent_at"]),
            expires=expires,
            used_or_expired=not otp_records.is_open_code(tenant, message["method_id"], message["code"]),
        )
        for message in reversed(tenant.all(message_records.MESSAGE))
        if message["channel"] in channels or not channels
        for expires in [clock.parse(message["expires"])]
    ]


def _text(code: str, expires: datetime) -> str:
    """What a message says.

    UNCONFIRMED: Stytch's text.
    """
    return f"Your code is {code}. It expires on {clock.display(expires)}."


def _token(address: str) -> str:
    return parse_qs(urlsplit(address).query)["token"][0]


def link_in(tenant: Tenant, address: str) -> Json | None:
    """The magic link that an email's link leads to, or None if it was deleted."""
    return links.find(tenant, _token(address))


def _is_used_or_expired(tenant: Tenant, address: str) -> bool:
    link = link_in(tenant, address)
    return link is None or not links.is_open(link)


def authenticator(tenant: Tenant) -> list[Entry]:
    """The current codes of the tenant's TOTPs, newest first, but for those on a lost phone."""
    step = totp_records.current_step()
    left = totp_records.STEP - int(clock.timestamp()) % totp_records.STEP
    return [
        Entry(
            label=totp_records.account_label(tenant.get(user_records.USER, totp["user_id"]) or {}),
            issuer=totp_records.ISSUER,
            code=pyotp.TOTP(totp["secret"]).generate_otp(step),
            seconds_left=left,
            used=totp["last_step"] >= step,
            verified=totp["verified"],
        )
        for totp in reversed(tenant.all(user_records.TOTP))
        if not totp.get("lost")
    ]


def saved_recovery_codes(tenant: Tenant) -> list[str]:
    """The unused recovery codes of the newest authenticator, as the visitor has saved them."""
    saved = [totp["recovery_codes"] for totp in tenant.all(user_records.TOTP) if totp["verified"]]
    return list(saved[-1]) if saved else []


def newest_email(tenant: Tenant) -> str:
    """The email address of the newest user, or an empty string."""
    users = tenant.all(user_records.USER)
    emails = users[-1]["emails"] if users else []
    return str(emails[0]["email"]) if emails else ""
