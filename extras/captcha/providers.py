"""Three providers that share one protocol: a script draws the widget, and siteverify says whether it was solved.

Docs: Google *reCAPTCHA v2, Verifying the user's response*; hCaptcha *Developer Guide*; Cloudflare *Turnstile,
Server-side validation*. Their pages on Content Security Policy name the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RECAPTCHA = "https://www.google.com/recaptcha/"
HCAPTCHA = "https://hcaptcha.com https://*.hcaptcha.com"
TURNSTILE = "https://challenges.cloudflare.com"


@dataclass(frozen=True)
class Provider:
    """A provider of CAPTCHAs."""

    api: str  # the global object of its script
    script: str  # draws nothing until it is told to
    verify: str
    field: str  # of the form, in which the widget puts its token
    sources: Mapping[str, str]  # for the Content Security Policy of a page with the widget


PROVIDERS = {
    "recaptcha": Provider(
        "grecaptcha",
        f"{RECAPTCHA}api.js",
        f"{RECAPTCHA}api/siteverify",
        "g-recaptcha-response",
        {
            "script-src": f"{RECAPTCHA} https://www.gstatic.com/recaptcha/",
            "frame-src": f"{RECAPTCHA} https://recaptcha.google.com/recaptcha/",
        },
    ),
    "hcaptcha": Provider(
        "hcaptcha",
        "https://js.hcaptcha.com/1/api.js",
        "https://api.hcaptcha.com/siteverify",
        "h-captcha-response",
        dict.fromkeys(("script-src", "frame-src", "style-src", "connect-src"), HCAPTCHA),
    ),
    "turnstile": Provider(
        "turnstile",
        f"{TURNSTILE}/turnstile/v0/api.js",
        f"{TURNSTILE}/turnstile/v0/siteverify",
        "cf-turnstile-response",
        dict.fromkeys(("script-src", "frame-src"), TURNSTILE),
    ),
}
