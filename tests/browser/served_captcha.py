"""The served app with a CAPTCHA, whose provider takes one token: ``--app tests.browser.served_captcha``."""

from __future__ import annotations

import json
import os

import requests
from flask import Flask

from ..fake_network import FakeNetwork, Fault, Forward
from . import served


def create_app() -> Flask:
    """Return the app; the provider is down as long as its network is."""
    os.environ |= {"CAPTCHA_PROVIDER": "turnstile", "CAPTCHA_SITE_KEY": "site", "CAPTCHA_SECRET_KEY": "secret"}
    app = served.create_app()
    network = FakeNetwork(app.extensions["http"]).__enter__()
    network.set("POST /turnstile/v0/siteverify", _verify)
    return app


def _verify(request: requests.PreparedRequest, forward: Forward) -> requests.Response:
    is_good = "response=good" in str(request.body)
    return Fault(200, json.dumps({"success": is_good, "hostname": "localhost"}).encode())(request, forward)
