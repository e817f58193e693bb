"""Step-up: the dialog that asks for a fresh second factor, and resumes what it interrupted.

To copy: the guard raises and this module asks, naming what the code is for. After the right code the interrupted
request is repeated, once: htmx elements by ``static/step_up.js``, a plain browser by re-sending its own form (307).
What the code is for travels with the dialog, signed for this session, so that two tabs never mix. The names of the
step-up form's own fields start with ``OWN``; all other fields are those of the interrupted form.
"""

import json
import re
from dataclasses import asdict, dataclass, replace

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from itsdangerous import BadSignature, URLSafeSerializer

from services import guards
from services.errors import CodeRejected, LimitReached, SecondFactorMissing, StepUpRequired
from services.methods import Method
from services.signals import log_security_event, send, step_up_confirmed
from services.step_up import offered_methods

from .htmx import HOME, is_htmx, redirect_to, render

bp = Blueprint("step_up", __name__)
NOT_REPEATED = "(.*_)?password"  # fields of forms that no page repeats
OWN = "step_up_"  # a method's ``verify`` gets its fields without this prefix
NO_ID = "element-without-id"  # the dialog then asks to press again
ELEMENT = re.compile(r"(?:[a-z][a-z0-9-]*#)?(?P<id>[A-Za-z][\w-]{0,60})", re.ASCII)


@dataclass(frozen=True)
class PendingAction:
    """What a code is for, and where a plain browser continues: the path of a page, or of its form to send again."""

    purpose: str = "continue"
    stytch_only: bool = False
    page: str = ""
    form: str = ""

    def signed(self) -> str:
        """Return it as a field of the form."""
        return _signer().dumps(asdict(self))

    @property
    def methods(self) -> list[Method]:
        """The user's methods that help with this action."""
        return offered_methods(guards.current_session(), stytch_only=self.stytch_only)


@bp.app_errorhandler(SecondFactorMissing)
def enroll_first(_error: SecondFactorMissing) -> Response:
    """Send the user to the next step, which is to enroll a second factor."""
    return redirect_to(HOME)


@bp.app_errorhandler(StepUpRequired)
def ask(required: StepUpRequired) -> Response:
    """Ask for a code, keeping all that is needed to continue."""
    pending = PendingAction(required.purpose, required.stytch_only)
    if not pending.methods:
        return redirect_to(HOME)
    log_security_event("denial", "step-up required")
    if is_htmx():
        return _dialog(pending)
    if request.method == "GET":
        pending = replace(pending, page=request.full_path.rstrip("?"))
        return redirect_to(url_for("step_up.page", pending=pending.signed()))
    return _form(replace(pending, form=request.path), status=403)


@bp.get("/step-up")
def page() -> Response:
    """Ask for a code on a page of its own, where there is no script."""
    return _form(_pending())


@bp.post("/step-up")
def confirm() -> Response:
    """Check the code, then resume."""
    pending, own = _pending(), _own_fields()
    method = _method(pending, own.get("method", ""))
    try:
        method.verify(guards.current_session(), own)
    except CodeRejected as rejected:
        return _form(pending, method, 422, error=method.message(rejected.reason))
    except LimitReached as limit:
        return _too_many(pending, method, limit.advice, limit.wait)
    send(step_up_confirmed, purpose=pending.purpose)
    if is_htmx() and own.get("source"):
        return _resume_element(own["source"])
    if pending.form:
        return make_response(redirect(pending.form, 307))
    return redirect_to(pending.page or HOME)


@bp.post("/step-up/method")
@guards.revalidate_session
def choose() -> Response:
    """Switch to another method, which may send a code first."""
    pending = _pending()
    method = _method(pending, _own_fields().get("use", ""))
    try:
        announce = method.prepare(guards.current_session()) if method.prepare else ""
    except CodeRejected as rejected:
        return _too_many(pending, method, method.message(rejected.reason), 60)
    except LimitReached as limit:
        return _too_many(pending, method, limit.advice, limit.wait)
    return _form(pending, method, announce=announce)


def _method(pending: PendingAction, name: str = "") -> Method:
    """Return the method of this name; without one, the first that can be used at once."""
    if not (methods := pending.methods):
        raise SecondFactorMissing
    if not name:
        return next((method for method in methods if not method.prepare), methods[0])
    return next((method for method in methods if method.name == name), None) or abort(400)


def _dialog(pending: PendingAction) -> Response:
    """The dialog for the element that asked. A place that was loading shows a button instead."""
    body = render_template(
        "step_up/_dialog.html",
        source=element_id(request.headers.get("HX-Source", "").partition("#")[2]) or NO_ID,
        place=lazy_target_id(),
        url=request.full_path.rstrip("?"),
        pending=pending,
        method=_method(pending),
    )
    return make_response(body, 403, {"HX-Retarget": "#dialogs", "HX-Reswap": "innerHTML"})


def _resume_element(source: str) -> Response:
    """Let ``step_up.js`` close the dialog and repeat the request of the interrupted element."""
    event = {"stepup-done": {"source": element_id(source)}}
    body = render_template("_step.html") + render_template("_announce.html", announce="Confirmed.")
    return make_response(body, 200, {"HX-Trigger": json.dumps(event)})


def _form(
    pending: PendingAction, method: Method | None = None, status: int = 200, *, error: str = "", announce: str = ""
) -> Response:
    fields = request.form.items(multi=True)
    kept = [field for field in fields if not re.fullmatch(f"csrf_token|{OWN}.*|{NOT_REPEATED}", field[0])]
    return render(
        "step_up/page.html",
        status,
        announce=announce,
        pending=pending,
        method=method or _method(pending),
        source=element_id(_own_fields().get("source", "")),
        kept=kept if pending.form else [],
        error=error,
    )


def _too_many(pending: PendingAction, method: Method, error: str, wait: int) -> Response:
    response = _form(pending, method, 429, error=error)
    response.headers["Retry-After"] = str(wait)
    return response


def _own_fields() -> dict[str, str]:
    """Return the fields of the step-up form itself, by their names without the prefix."""
    return {name.removeprefix(OWN): value for name, value in request.form.items() if name.startswith(OWN)}


def _pending() -> PendingAction:
    """Return what the code is for; a value that was not signed for this session is ignored."""
    try:
        return PendingAction(**_signer().loads(request.args.get("pending") or _own_fields().get("pending", "")))
    except (BadSignature, TypeError):  # the latter: signed by another version of this app
        return PendingAction()


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt=f"step-up {guards.current_session().session_id}")


def element_id(text: str) -> str:
    """Return the id in htmx's ``tag#id``, or an empty string: only plain ids may become selectors."""
    match = ELEMENT.fullmatch(text)
    return match["id"] if match else ""


def lazy_target_id() -> str:
    """Return the id of the ``div`` that this GET of htmx fills, or an empty string."""
    target = request.headers.get("HX-Target", "") if request.method == "GET" else ""
    return element_id(target) if target.startswith("div#") else ""
