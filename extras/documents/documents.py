"""What the bank asks for, as Unit has it. Unit docs: *Application Documents*."""

from __future__ import annotations

from pydantic import Field

from services.unit_client import OrgClient
from services.unit_models import Id, Resource, attribute

from .files import File

SIDES = {"front": "ReceivedFront", "back": "ReceivedBack"}  # and the status once only this one is there
TWO_SIDED = "IdDocument"
NOT_A_FILE = "SelfieVerification"
TITLES = {
    "IdDocument": "Photo ID",
    "Passport": "Passport",
    "AddressVerification": "Proof of address",
    "SocialSecurityCard": "Social Security card",
    "PowerOfAttorney": "Power of attorney",
    "SelfieVerification": "Selfie",
}
REASONS = {
    "PoorQuality": "The bank could not read it. Send a sharp picture of the whole document, in good light.",
    "NameMismatch": "The name on it is not the one on your application.",
    "SSNMismatch": "The Social Security number on it is not the one on your application.",
    "AddressMismatch": "The address on it is not the one on your application.",
    "DOBMismatch": "The date of birth on it is not the one on your application.",
    "StateMismatch": "The state on it is not the one on your application.",
    "ExpiredId": "It has expired. Send a valid one.",
}


class Document(Resource):
    """A document that the bank asks for."""

    document_id: Id = Field(validation_alias="id")
    kind: str = Field(validation_alias=attribute("documentType"))
    status: str = Field(validation_alias=attribute("status"))  # Required, ReceivedFront, Invalid, PendingReview, ...
    description: str = Field("", validation_alias=attribute("description"))
    reason_code: str | None = Field(None, validation_alias=attribute("reasonCode"))
    reason: str | None = Field(None, validation_alias=attribute("reason"))
    archived: bool = Field(False, validation_alias=attribute("archived"))

    @property
    def title(self) -> str:
        """What it is."""
        return TITLES.get(self.kind, "Document")

    @property
    def is_open(self) -> bool:
        """Whether the bank waits for it."""
        return not self.archived and self.status in {"Required", "Invalid", *SIDES.values()}

    @property
    def sides(self) -> list[str]:
        """The sides to send now."""
        if not self.is_open or self.kind == NOT_A_FILE:
            return []
        return [side for side, only in SIDES.items() if self.status != only] if self.kind == TWO_SIDED else ["front"]

    @property
    def why(self) -> str:
        """Why the bank refused what was sent, in a sentence."""
        return REASONS.get(self.reason_code or "", "The bank did not accept it.") if self.status == "Invalid" else ""


def documents_of(unit: OrgClient, application_id: str) -> list[Document]:
    """Return the documents that an application needs. Raises UnitError, ServiceUnavailable."""
    return Document.read_all(unit.get(f"/applications/{application_id}/documents")["data"])


def upload(unit: OrgClient, application_id: str, document: Document, side: str, file: File) -> None:
    """Send one side of a document; sending it again does no more. Raises UnitError, ServiceUnavailable."""
    path = f"/applications/{application_id}/documents/{document.document_id}{'/back' if side == 'back' else ''}"
    unit.send("PUT", path, {"Content-Type": file.kind}, data=file)
