"""An empty app with the panel of API calls."""

from __future__ import annotations

import os

from flask import Flask, render_template_string

from blueprints import slots
from extras import wire_log
from services.http import HttpSession

PAGE = """{% extends "layout.html" %}{% block main %}<h1>{{ keys }} keys</h1>{% endblock %}"""

app = Flask(__name__)
app.config.update(SECRET_KEY=os.environ["SECRET_KEY"], SESSION_COOKIE_SECURE=False)
slots.init_app(app)
wire_log.add_panel(app, stytch_url=os.environ["STYTCH_API_URL"], org_token=os.environ["UNIT_API_TOKEN"])
http = HttpSession()


@app.get("/")
def home() -> str:
    """Call a service, so that the panel has something to show."""
    url = f"{os.environ['STYTCH_API_URL']}/v1/sessions/jwks/{os.environ['STYTCH_PROJECT_ID']}"
    return render_template_string(PAGE, keys=len(http.get(url).json()["keys"]))
