"""What banks ask applicants: Thread Bank has one set of questions, other banks have another.

Nothing in a request says which set it answers; the org's bank decides. UNCONFIRMED: what an org gets that answers the
other set. Here, both are accepted, unless the emulator is told the bank.
"""

from __future__ import annotations

from ..store import Json
from .errors import Problem, UnitFault
from .people import EMPLOYMENT
from .schema import Check, flag, items, one_of, text

BANKS = ("thread", "other")
_PURPOSES = """
    PayrollOrDirectDeposit PersonalSavingsOrEmergencyFund EverydaySpending DomesticP2PAndBillPay
    InternationalRemittances CashHeavyPersonalIncome PropertyPurchaseOrInvestment EducationOrStudentUse
    TrustOrEstateDistributions Cryptocurrency
"""
_SOURCES = """
    SalaryOrWages BusinessIncome InvestmentIncome RetirementSavings Inheritance Gift SaleOfAssets
    LegalSettlement LoanProceeds
"""
_VOLUMES = """
    LessThan1K Between1KAnd5K Between5KAnd15K Between15KAnd30K Between30KAnd60K GreaterThan60K
"""
_PROFESSIONS = """
    Accountant Actor Administrator Analyst Architect Artist Attorney Auditor Banker Barber Bartender Bookkeeper
    Broker BusinessOwner Chef Clergy Coach Consultant Contractor CustomerServiceRepresentative Dentist Designer
    Developer Doctor Driver Economist Educator Electrician Engineer Entrepreneur EventPlanner Executive Farmer
    FinancialAdvisor Firefighter Fisherman FlightAttendant Freelancer GovernmentEmployee GraphicDesigner
    HealthcareWorker HRProfessional InsuranceAgent Investor ITSpecialist Janitor Journalist Laborer
    LawEnforcementOfficer Lawyer Librarian LogisticsCoordinator Manager MarketingProfessional Mechanic
    MilitaryPersonnel Musician Nurse Optometrist Painter Pharmacist Photographer PhysicalTherapist Pilot Plumber
    PoliceOfficer Professor Programmer ProjectManager RealEstateAgent Receptionist Researcher RetailWorker
    Salesperson Scientist SocialWorker SoftwareEngineer Student Surgeon Teacher Technician Therapist Trainer
    Veterinarian WaiterWaitress Writer
"""
# Of sole proprietors.
_BUSINESS_PURPOSES = """
    RetailSalesInPerson EcommerceSales CashHeavyIncomeAndOperations ImportExportTradeOperations
    ProfessionalServicesNotHandlingFunds ProfessionalServicesHandlingFunds HoldingOrInvestmentCompanyOperations
    PropertyManagementOrRealEstateOperations CharitableOrNonProfitOrganizationOperations
    ConstructionAndContractingOperations CommercialCashOperations FreightForwardingOrLogisticsOperations
    ThirdPartyPaymentProcessing TechnologyStartupOperations WholesaleDistributionOperations
    FranchiseOperationOperations HealthcareProviderOperations EducationalInstitutionOperations
"""
_BUSINESS_SOURCES = """
    SalesOfGoods SalesOfServices CustomerPayments InvestmentCapital BusinessLoans OwnerContributions
    FranchiseRevenue RentalIncome GovernmentContractsOrGrants DonationsOrFundraising
    MembershipFeesOrSubscriptions LicensingOrRoyalties CommissionIncome ImportExportRevenue
    CryptocurrencyRelatedActivity
"""
_BUSINESS_VOLUMES = "LessThan5K Between5KAnd20K Between20KAnd75K Between75KAnd150K Between150KAnd300K GreaterThan300K"
_NEED_DETAIL = ("Cryptocurrency", "CashHeavyPersonalIncome", "InternationalRemittances")

THREAD: dict[str, Check] = {
    "accountPurpose": one_of(*_PURPOSES.split(), *_BUSINESS_PURPOSES.split()),
    "sourceOfFunds": one_of(*_SOURCES.split(), *_BUSINESS_SOURCES.split()),
    "transactionVolume": one_of(*_VOLUMES.split(), *_BUSINESS_VOLUMES.split()),
    "profession": one_of(*_PROFESSIONS.split()),
}
_THREAD_MORE: dict[str, Check] = {
    "transactionVolumeDescription": text(),
    "sourceOfFundsDescription": text(),
    "businessIndustry": text(),
}
CHOICES: dict[str, tuple[str, ...]] = {  # of individuals
    "accountPurpose": tuple(_PURPOSES.split()),
    "sourceOfFunds": tuple(_SOURCES.split()),
    "transactionVolume": tuple(_VOLUMES.split()),
    "profession": tuple(_PROFESSIONS.split()),
}
ANSWERS: dict[str, Check] = {
    **EMPLOYMENT,
    **THREAD,
    **_THREAD_MORE,
    "accountPurposeDetail": text(),
    "businessDescription": text(),
    "isIncorporated": flag,
    "stateOfIncorporation": text("[A-Z]{2}"),
    "yearOfIncorporation": text("[0-9]{4}"),
    "countriesOfOperation": items(text("[A-Z]{2}"), least=1),
    "usNexus": items(
        one_of("Employees", "Customers", "PhysicalOfficeOrFacility", "BankingRelationships", "NotAvailable")
    ),
}
# Accepted, but Unit does not describe them in its answers.
NOT_SHOWN = frozenset(ANSWERS) - {*EMPLOYMENT, *THREAD, "accountPurposeDetail", "transactionVolumeDescription"}
# Of a PATCH, which may also upgrade an application to Thread Bank's questions. There, the detail has another name.
CHANGES: dict[str, Check] = {
    **EMPLOYMENT,
    **THREAD,
    **_THREAD_MORE,
    "accountPurposeDescription": text(),
    "website": text(),
}
_REQUIRED = {"thread": tuple(THREAD), "other": tuple(EMPLOYMENT)}


def check(attributes: Json, bank: str | None) -> None:
    """Refuse a missing detail, and the other bank's answers if the bank is known."""
    needed = ["accountPurposeDetail"] if attributes.get("accountPurpose") in _NEED_DETAIL else []
    if bank == "thread":
        needed += THREAD
    elif bank == "other" and attributes.get("nationality") not in (None, "US"):
        needed += ["annualIncome", "sourceOfIncome"]
    problems = [_problem("Missing value for", name) for name in needed if name not in attributes]
    for other in BANKS if bank else ():
        if other != bank:
            problems += [_problem("The org's bank does not ask for", n) for n in _REQUIRED[other] if n in attributes]
    if problems:
        raise UnitFault.invalid(problems)


def missing(attributes: Json, bank: str | None) -> list[Json]:
    """The questions that an application leaves open, as Unit's missing fields.

    UNCONFIRMED: the texts, and which bank's questions count where none is set: those that were answered.
    """
    bank = bank or ("thread" if attributes.keys() & THREAD.keys() else "other")
    open_questions = [name for name in _REQUIRED[bank] if name not in attributes]
    return [{"fieldName": name, "description": f"The bank asks for {name}."} for name in open_questions]


def _problem(why: str, name: str) -> Problem:
    return Problem("invalid_value", f"{why} {name}", f"/data/attributes/{name}")
