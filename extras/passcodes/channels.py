"""How codes are sent, and where to: email addresses, and phone numbers as people type them.

To copy: numbers are sent as E.164, only to mobile numbers of the regions in ``SMS_REGIONS``. The calling code +1 alone
would take in the Caribbean, where messages cost far more: that is what toll fraud lives on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import phonenumbers
from flask import current_app, request
from limits import RateLimitItem
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType
from werkzeug.local import LocalProxy

from blueprints.login import SignInForm
from services.errors import CodeRejected
from services.methods import plain
from services.stytch_client import stytch_client

SANDBOX_NUMBER = "+10000000000"  # Stytch's own, for test projects; libphonenumber does not know it
MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}  # not, say, premium rate
REGIONS = {"US": "the US", "CA": "Canada"}


@dataclass(frozen=True)
class Phones:
    """Which phones get codes."""

    regions: tuple[str, ...]
    per_hour: RateLimitItem  # SMS and WhatsApp messages in all
    takes_sandbox: bool  # a test project
    code_life: timedelta | None = None  # in place of the usual one of each channel

    @property
    def where(self) -> str:
        """The regions, in words."""
        return " and ".join(REGIONS.get(region, region) for region in self.regions)

    def e164(self, typed: str) -> str:
        """Return a typed number, in national form or with its calling code, as E.164. Raises CodeRejected."""
        text = plain(typed)
        if self.takes_sandbox and text == SANDBOX_NUMBER:
            return text
        try:
            number = phonenumbers.parse(text, self.regions[0])
        except NumberParseException as error:
            raise CodeRejected("invalid_phone_number") from error
        if number.extension or not phonenumbers.is_valid_number(number):
            raise CodeRejected("invalid_phone_number")
        is_mobile = phonenumbers.number_type(number) in MOBILE
        if not is_mobile or phonenumbers.region_code_for_number(number) not in self.regions:
            raise CodeRejected("invalid_phone_number_country_code")
        return phonenumbers.format_number(number, PhoneNumberFormat.E164)


phones = cast(Phones, LocalProxy(lambda: current_app.extensions["passcodes"]))  # the running app's


@dataclass(frozen=True)
class Channel:
    """One way to send a code."""

    name: str  # of its method
    product: str  # in Stytch's SDK, and the delivery method of its factor
    how: str  # completes "Get a code ..."
    group: str
    usual_life: timedelta
    id_name: str  # in Stytch's answers
    to_name: str  # of the field that takes the number or address, here and at Stytch

    @property
    def is_phone(self) -> bool:
        """Whether a message costs money."""
        return self.group == "phone"

    @property
    def life(self) -> timedelta:
        """How long a code works."""
        return phones.code_life or self.usual_life

    def ask(self, method: str, **arguments: Any) -> Any:
        """Call a method of the product in Stytch's SDK, with what the login form's options add."""
        call = getattr(getattr(stytch_client.sdk.otps, self.product), method)
        return call(**arguments, **stytch_client.more(f"otps.{self.product}.{method}"))

    def address(self) -> str:
        """Return the number or email address of the request's form as Stytch takes it. Raises CodeRejected."""
        if self.is_phone:
            return phones.e164(request.form.get(self.to_name, ""))
        form = SignInForm(request.form)
        if not form.validate():
            raise CodeRejected("invalid_email")
        try:
            return form.address
        except UnicodeError as error:
            raise CodeRejected("invalid_email") from error


def _phone(name: str, product: str, how: str) -> Channel:
    return Channel(name, product, how, "phone", timedelta(minutes=5), "phone_id", "phone_number")


SMS = _phone("sms_code", "sms", "by text message")
WHATSAPP = _phone("whatsapp_code", "whatsapp", "by WhatsApp")
EMAIL = Channel("email_code", "email", "by email", "mailbox", timedelta(minutes=10), "email_id", "email")
CHANNELS = {channel.name: channel for channel in (SMS, WHATSAPP, EMAIL)}
