"""Step-up with a code that Unit texts to the customer's phone.

Stytch does not know of this proof, so it opens cards only: no card number, no change of factors. The proof is kept in
this process; with several replicas, route each browser to the same one, or users are asked for another code. Nothing
else belongs to it, but ``STEP_UP_METHODS`` must not name it any more. Unit docs: *Create Customer Token Verification*.
"""

from __future__ import annotations

from flask import Flask

from services.signals import session_ended, upstream_call

from .method import bp
from .texts import Texts


def init_app(app: Flask) -> None:
    """Add the method."""
    texts = app.extensions["unit_sms"] = Texts()
    app.register_blueprint(bp)
    app.jinja_env.globals["unit_sms_sandbox"] = app.extensions["settings"].unit_is_sandbox
    session_ended.connect(texts.on_session_ended, sender=app)
    upstream_call.connect(texts.on_upstream_call, sender=app)
