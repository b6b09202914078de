"""How pages, lists and spreadsheets call the classes and roles of the law, whose own names stand in the data."""

from __future__ import annotations

from governance.frameworks.load import load
from governance.law.reading import reading

CLASSES = dict(reading()["classes"])
STOPPED = ("PROHIBITED", "PROHIBITED_PENDING")
DEROGATION = "NOT_HIGH_RISK_DEROGATION"
ROLES = {
    "provider": "Provider: has it made, and offers it or uses it under your own name",
    "deployer": "Deployer: uses it at work",
    "deployer-public": "Deployer that is a public body",
    "deployer-private-public-service": "Deployer that gives a public service as a private body",
    "deployer-credit-scoring": "Deployer that rates people's creditworthiness",
    "deployer-life-health-insurance": "Deployer that prices life or health insurance",
    "deployer-law-enforcement": "Deployer in law enforcement",
    "importer": "Importer: brings it into the Union for somebody outside",
    "distributor": "Distributor: passes it on in the Union",
    "authorised-representative": "Authorised representative of a provider outside the Union",
    "product-manufacturer": "Product manufacturer: sells it as a part of a product",
    "third-party-supplier": "Supplier of a part, tool or service that goes into it",
    "gpai-provider": "Provider of a general-purpose AI model",
}
NOBODYS = {"commission"}  # has duties in the Act, and is no one who keeps systems here


def role_choices() -> list[tuple[str, str]]:
    """The roles of the data that somebody can have, each with its words."""
    return [(role, ROLES.get(role, role)) for role in load("eu-ai-act")["roles"] if role not in NOBODYS]


def role_name(role: str) -> str:
    """`Deployer` of `Deployer: uses it at work`."""
    return ROLES.get(role, role).partition(":")[0]


def class_name(outcome: str) -> str:
    return CLASSES.get(outcome, outcome)
