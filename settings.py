"""The environment, read and checked once. A wrong or incomplete setting stops the start and names the variable."""

import os
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from dotenv import dotenv_values, find_dotenv

HERE = Path(__file__).resolve().parent
LIVE_UNIT = "https://api.unit.co"
SANDBOX_UNIT = "https://api.s.unit.sh"
LOOPBACK = {"localhost", "127.0.0.1"}  # where http is allowed
ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(\.[a-z0-9-]+)*)(:[1-9][0-9]{0,4})?")
PLACEHOLDER = re.compile(  # a word that stands for a value
    r"(?<![a-z0-9])(your|x{4,}|placeholder|change-?me|replace|insert|sample|example|todo)(?![a-z0-9])|[<>…]|\.{3}",
    re.IGNORECASE,
)
FLASKS_SAMPLE_KEY = "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"  # in Flask's own documentation
EMULATED_PROJECT = "project-test-00000000-0000-4000-8000-000000000000"
STYTCH, UNIT = "STYTCH_PROJECT_ID", "UNIT_API_TOKEN"  # the service is emulated if its credential is not set
CREDENTIALS = {STYTCH: "project-(test|live)-", "STYTCH_SECRET": "secret-(test|live)-", UNIT: ""}  # and how they start
NEEDS = {  # by the variable that is useless without it; an emulator must not stand in silently
    STYTCH: "STYTCH_SECRET",
    "STYTCH_SECRET": STYTCH,
    "STYTCH_API_URL": STYTCH,
    UNIT: STYTCH,  # the real Unit cannot reach an emulated Stytch
    "UNIT_API_URL": UNIT,
}


class SettingsError(SystemExit):
    """The configuration cannot work. Ends the process with one line that names the variable, not its value."""


@dataclass(frozen=True)
class Settings:
    """The settings of the core. Credentials never appear in its repr."""

    secret_key: str = field(repr=False)
    public_url: str
    stytch_project_id: str
    stytch_secret: str = field(repr=False)
    stytch_api_url: str
    unit_api_token: str = field(repr=False)
    unit_api_url: str
    emulated: frozenset[str]  # which of "stytch" and "unit"
    step_up_max_age: timedelta
    sign_in_methods: tuple[str, ...] | None  # None: every method that is registered
    step_up_methods: tuple[str, ...] | None
    ratelimit_storage_uri: str = field(repr=False)  # this and the next may hold a password
    emulator_database_url: str = field(repr=False)
    trusted_proxies: int
    given: Mapping[str, str] = field(repr=False)  # every variable that is set; extras read their own from it

    @property
    def is_https(self) -> bool:
        """Whether browsers use TLS; decides cookie names and flags."""
        return self.public_url.startswith("https://")

    @property
    def unit_is_sandbox(self) -> bool:
        """Whether Unit's money is play money."""
        return self.unit_api_url != LIVE_UNIT

    @property
    def is_live(self) -> bool:
        """Whether the Stytch project has real users."""
        return self.stytch_project_id.startswith("project-live-")

    @property
    def login_url(self) -> str:
        """The redirect URL to register at Stytch, to which magic links lead."""
        return f"{self.public_url}/login/authenticate"

    @property
    def jwks_url(self) -> str:
        """The *JWKs Path* for Unit's JWT settings."""
        return f"{self.stytch_api_url}/v1/sessions/jwks/{self.stytch_project_id}"


def load(
    environ: Mapping[str, str] = os.environ,
    dotenv: Path | None = HERE / ".env",
    instance: Path = HERE / "instance",
) -> Settings:
    """Read the environment, which wins over the ``.env`` file; blank means absent.

    Raises SettingsError for anything missing, malformed, or mixed between test and live.
    """
    if environ is os.environ:
        environ = _without_parents_files(os.environ)
    merged = {**(dotenv_values(dotenv, interpolate=False) if dotenv else {}), **environ}
    given = {name: value.strip() for name, value in merged.items() if value and value.strip()}
    _check_credentials(given)
    emulated = frozenset(name for name, credential in (("stytch", STYTCH), ("unit", UNIT)) if credential not in given)
    project_id = given.get(STYTCH, EMULATED_PROJECT)
    kind = "api" if project_id.startswith("project-live-") else "test"
    settings = Settings(
        secret_key=_secret_key(given, instance, may_make_one=len(emulated) == 2),
        public_url=_origin(given, "PUBLIC_URL", "http://localhost:8000"),
        stytch_project_id=project_id,
        stytch_secret=given.get("STYTCH_SECRET", "secret-test-emulated"),
        stytch_api_url=_origin(given, "STYTCH_API_URL", f"https://{kind}.stytch.com"),
        unit_api_token=given.get(UNIT, f"v2.public.emulator-{EMULATED_PROJECT}"),
        unit_api_url=_origin(given, "UNIT_API_URL", SANDBOX_UNIT),
        emulated=emulated,
        step_up_max_age=timedelta(seconds=whole(given, "STEP_UP_MAX_AGE", 600, 30, 3600)),
        sign_in_methods=names(given, "SIGN_IN_METHODS") or (None if emulated else ("magic_link",)),
        step_up_methods=names(given, "STEP_UP_METHODS") or (None if emulated else ("totp",)),
        ratelimit_storage_uri=given.get("RATELIMIT_STORAGE_URI", "memory://"),
        emulator_database_url=given.get("EMULATOR_DATABASE_URL", f"sqlite:///{instance}/emulator.db"),
        trusted_proxies=whole(given, "TRUSTED_PROXIES", 0, 0, 10),
        given=given,
    )
    _refuse_mixes(settings)
    return settings


def _without_parents_files(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Leave out what Flask's command line has read from a ``.env`` or ``.flaskenv`` above this folder."""
    if "FLASK_RUN_FROM_CLI" not in environ or environ.get("FLASK_SKIP_DOTENV", "0").lower() in {"1", "true", "yes"}:
        return environ
    files = [Path(find_dotenv(name, usecwd=True)) for name in (".flaskenv", ".env")]
    foreign = {pair for file in files if file.parent in HERE.parents for pair in dotenv_values(file).items()}
    return {name: value for name, value in environ.items() if (name, value) not in foreign}


def _check_credentials(given: Mapping[str, str]) -> None:
    for name, needed in NEEDS.items():
        if name in given and needed not in given:
            raise SettingsError(f"{needed} is missing: {name} is set, which needs it. Set both, or neither.")
    for name, start in CREDENTIALS.items():
        if PLACEHOLDER.search(given.get(name, "")):
            raise SettingsError(f"{name} is still a placeholder: set the dashboard's value, or leave it blank.")
        if start and name in given and not re.fullmatch(rf"{start}[\w=-]{{8,}}", given[name]):
            raise SettingsError(f"{name} does not look like {start}…: copy it from the dashboard.")


def _refuse_mixes(settings: Settings) -> None:
    """Refuse half test, half live: customers would see play money, or a test would move real money."""
    is_live, unit_url = settings.is_live, settings.unit_api_url
    if is_live != settings.stytch_secret.startswith("secret-live-"):
        raise SettingsError("STYTCH_SECRET is of another environment (test or live) than STYTCH_PROJECT_ID.")
    if is_live and "unit" in settings.emulated:
        raise SettingsError(
            "UNIT_API_TOKEN is missing: a live Stytch project has real customers, who need a real bank."
        )
    if unit_url.startswith("https://") and unit_url not in {SANDBOX_UNIT, LIVE_UNIT}:
        raise SettingsError(f"UNIT_API_URL must be {SANDBOX_UNIT}, {LIVE_UNIT}, or on localhost.")
    if is_live == settings.unit_is_sandbox:
        raise SettingsError(f"UNIT_API_URL must be {LIVE_UNIT} for a live STYTCH_PROJECT_ID, and only for a live one.")


def _secret_key(given: Mapping[str, str], instance: Path, *, may_make_one: bool) -> str:
    if key := given.get("SECRET_KEY"):
        if len(key.encode()) < 32:
            raise SettingsError("SECRET_KEY is too short: give at least 32 bytes.")
        if not may_make_one and (key == FLASKS_SAMPLE_KEY or PLACEHOLDER.search(key) or len(set(key)) < 8):
            raise SettingsError("SECRET_KEY is a known sample, or not random: make one as .env.example says.")
        return key
    if not may_make_one:
        raise SettingsError("SECRET_KEY is missing: give at least 32 random bytes when a real service is used.")
    kept = instance / "secret_key"
    try:
        if not kept.exists():
            instance.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=instance) as made, suppress(FileExistsError):  # with mode 0600
                made.write(secrets.token_urlsafe(48))
                made.flush()
                kept.hardlink_to(made.name)  # whole and only once: another process may be starting too
        return kept.read_text()
    except OSError as error:
        raise SettingsError(
            f"SECRET_KEY is missing, and none can be stored under instance/: {error.strerror}."
        ) from error


def _origin(given: Mapping[str, str], name: str, default: str) -> str:
    url = given.get(name, default).rstrip("/").lower()
    origin = ORIGIN.fullmatch(url)
    if not origin:
        raise SettingsError(f"{name} must be an origin such as {default}, without a path.")
    if origin["scheme"] == "http" and origin["host"] not in LOOPBACK:
        raise SettingsError(f"{name} must use https, except on localhost.")
    return url.removesuffix(":443" if origin["scheme"] == "https" else ":80")  # as browsers write it


def whole(given: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """Return a whole number in a range. Raises SettingsError."""
    text = given.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise SettingsError(f"{name} must be a whole number from {lowest} to {highest}.")
    return int(text)


def names(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    """Return the names in a list that is separated by commas or spaces."""
    return tuple(given.get(name, "").replace(",", " ").split())
