"""What the app keeps of Unit's answers: small frozen objects. Nothing else of Unit's JSON reaches a template.

Money is in cents. An answer of any other shape than Unit documents raises ServiceUnavailable.
"""

from typing import Annotated, Any, Self, TypeAlias

from pydantic import AliasPath, BaseModel, ConfigDict, Field
from pydantic import ValidationError as InvalidShape

from .errors import ServiceUnavailable

Json: TypeAlias = dict[str, Any]

ACTIONS_IN = {  # what Unit lets a customer do with a card in each state; Unit docs: *Cards*
    "Inactive": {"activate", "report-lost", "report-stolen", "close"},
    "Active": {"freeze", "report-lost", "report-stolen", "replace", "close", "limits"},
    "ActiveForOnlineUse": {"activate", "freeze", "report-lost", "report-stolen", "replace", "close", "limits"},
    "Frozen": {"unfreeze", "report-lost", "report-stolen", "close"},
}
PHYSICAL_ONLY = {"activate", "replace"}


def attribute(*path: str | int) -> AliasPath:
    """Return the path of a value among a JSON:API resource's attributes."""
    return AliasPath("attributes", *path)


Whole = Annotated[int, Field(strict=True)]
Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
BearerToken = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.~+/=-]{1,8000}$")]  # RFC 6750


class Resource(BaseModel):
    """One JSON:API resource of Unit's."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    @classmethod
    def read(cls, resource: object) -> Self:
        """Read a resource. Raises ServiceUnavailable if it has another shape."""
        try:
            return cls.model_validate(resource)
        except (InvalidShape, OverflowError) as error:
            raise ServiceUnavailable("Unit", f"{cls.__name__}: an answer of another shape") from error

    @classmethod
    def read_all(cls, resources: object) -> list[Self]:
        """Read a list of resources. Raises ServiceUnavailable if it is not one."""
        if not isinstance(resources, list):
            raise ServiceUnavailable("Unit", f"{cls.__name__}: an answer of another shape")
        return [cls.read(resource) for resource in resources]


class Application(Resource):
    """A request to become a customer."""

    application_id: Id = Field(validation_alias="id")
    status: str = Field(validation_alias=attribute("status"))  # Pending, AwaitingDocuments, Approved, Denied, ...
    customer_id: Id | None = Field(None, validation_alias=AliasPath("relationships", "customer", "data", "id"))
    jwt_subject: str | None = Field(None, validation_alias=attribute("jwtSubject"))

    @property
    def is_refused(self) -> bool:
        """Whether nothing will come of it."""
        return self.status in {"Denied", "Canceled"}


class Account(Resource):
    """A deposit account."""

    account_id: Id = Field(validation_alias="id")
    status: str = Field(validation_alias=attribute("status"))  # Open, Frozen, Closed
    balance: Whole = Field(validation_alias=attribute("balance"))
    hold: Whole = Field(validation_alias=attribute("hold"))
    available: Whole = Field(validation_alias=attribute("available"))
    number: str = Field("", validation_alias=attribute("accountNumber"), repr=False)
    close_reason: str | None = Field(default=None, validation_alias=attribute("closeReason"))
    freeze_reason: str | None = Field(default=None, validation_alias=attribute("freezeReason"))


class Card(Resource):
    """A debit card. The full number never comes here."""

    card_id: Id = Field(validation_alias="id")
    kind: str = Field(validation_alias="type")  # individualDebitCard, individualVirtualDebitCard
    last4: str = Field(validation_alias=attribute("last4Digits"), pattern=r"^[0-9]{4}$")
    expires: str = Field(validation_alias=attribute("expirationDate"))  # YYYY-MM
    status: str = Field(validation_alias=attribute("status"))  # a key of ACTIONS_IN, Lost, ClosedByCustomer, ...
    account_id: Id | None = Field(default=None, validation_alias=AliasPath("relationships", "account", "data", "id"))

    @property
    def is_virtual(self) -> bool:
        """Whether there is no physical card."""
        return "Virtual" in self.kind

    def allows(self, action: str) -> bool:
        """Whether the card's kind and state let its holder do this."""
        return action in ACTIONS_IN.get(self.status, set()) and not (self.is_virtual and action in PHYSICAL_ONLY)


class CustomerToken(Resource):
    """A bearer token that acts as one customer."""

    token: BearerToken = Field(validation_alias=attribute("token"))
    expires_in: Whole = Field(validation_alias=attribute("expiresIn"))  # seconds


class Problem(Resource):
    """What an error answer says of the first thing that was wrong."""

    code: str | None = Field(None, validation_alias=AliasPath("errors", 0, "code"))
    pointer: str = Field("", validation_alias=AliasPath("errors", 0, "source", "pointer"))
