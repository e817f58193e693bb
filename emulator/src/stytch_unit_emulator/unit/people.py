"""Checks of personal data in applications, forms, customers and cards."""

from __future__ import annotations

from .schema import fields, flag, items, one_of, or_null, past_day, text

ADDRESS = fields(
    {
        "street": text(),
        "city": text(),
        "state": text("[A-Z]{2}"),
        "postalCode": text("[0-9]{5}(?:-[0-9]{4})?"),
        "country": text("[A-Z]{2}"),
    },
    {"street2": or_null(text(".*"))},
)
PHONE = fields({"countryCode": text("[0-9]{1,3}"), "number": text("[0-9]{4,15}")})
EMAIL = text(r"[^@\s]+@[^@\s]+\.[^@\s]+")
FULL_NAME = fields({"first": text(), "last": text()})
JWT_SUBJECT = or_null(text())
_SSN = text("[0-9]{9}")
_COUNTRY = text("[A-Z]{2}")

EMPLOYMENT = {
    "occupation": one_of(
        "ArchitectOrEngineer",
        "BusinessAnalystAccountantOrFinancialAdvisor",
        "CommunityAndSocialServicesWorker",
        "ConstructionMechanicOrMaintenanceWorker",
        "Doctor",
        "Educator",
        "EntertainmentSportsArtsOrMedia",
        "ExecutiveOrManager",
        "FarmerFishermanForester",
        "FoodServiceWorker",
        "GigWorker",
        "HospitalityOfficeOrAdministrativeSupportWorker",
        "HouseholdManager",
        "JanitorHousekeeperLandscaper",
        "Lawyer",
        "ManufacturingOrProductionWorker",
        "MilitaryOrPublicSafety",
        "NurseHealthcareTechnicianOrHealthcareSupport",
        "PersonalCareOrServiceWorker",
        "PilotDriverOperator",
        "SalesRepresentativeBrokerAgent",
        "ScientistOrTechnologist",
        "Student",
    ),
    "annualIncome": one_of(
        "UpTo10k",
        "Between10kAnd25k",
        "Between25kAnd50k",
        "Between50kAnd100k",
        "Between100kAnd250k",
        "Over250k",
    ),
    "sourceOfIncome": one_of(
        "EmploymentOrPayrollIncome",
        "PartTimeOrContractorIncome",
        "InheritancesAndGifts",
        "PersonalInvestments",
        "BusinessOwnershipInterests",
        "GovernmentBenefits",
    ),
}

APPLICANT_REQUIRED = {
    "fullName": FULL_NAME,
    "email": EMAIL,
    "phone": PHONE,
    "address": ADDRESS,
    "dateOfBirth": past_day,
}
APPLICANT_OPTIONAL = {
    "ssn": or_null(_SSN),
    "passport": or_null(text()),
    "nationality": or_null(_COUNTRY),
    "jwtSubject": JWT_SUBJECT,
    "operatingAddress": ADDRESS,
    "industry": text(),
    **EMPLOYMENT,
}
SOLE_PROPRIETOR = {
    "soleProprietorship": flag,
    "matriculaConsular": or_null(text()),
    "dba": or_null(text()),
    "ein": or_null(_SSN),
    "website": or_null(text()),
    "businessVertical": text(),
    "annualRevenue": text(),
    "numberOfEmployees": text(),
}
AUTHORIZED_USERS = or_null(
    items(fields({"fullName": FULL_NAME, "email": EMAIL, "phone": PHONE}, {"jwtSubject": JWT_SUBJECT}))
)
POWER_OF_ATTORNEY_AGENT = fields(
    APPLICANT_REQUIRED,
    {"ssn": _SSN, "passport": text(), "nationality": _COUNTRY, "jwtSubject": JWT_SUBJECT},
)
