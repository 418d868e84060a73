"""Who is in the body, and how far each has come from nomination to licence.

Nothing of the chain is ever changed or deleted: a step is a row, its end is a date. Each model of every room says in
`PRIVATE` of each field that can hold words whether it is open, personal, operational or secret.
"""

from mercat.people.models.advice import AdviceMessage, AdviceThread
from mercat.people.models.devices import BreakGlass
from mercat.people.models.directory import DirectoryEntry
from mercat.people.models.hr import HrRecord, Import, ImportRow, Reminder
from mercat.people.models.joining import (
    Access,
    Acknowledgement,
    Authorisation,
    Completion,
    Licence,
    Nomination,
    RequiredStep,
    SentBack,
)
from mercat.people.models.notices import MailChoice, MailServer, Notice
from mercat.people.models.persons import Person, RoleGrant, Step, Unit
from mercat.people.models.signing_in import KnownDevice, Recovery, Session, Subject
from mercat.people.models.tokens import SCOPES, Answered, Token
from mercat.people.models.webhooks import Delivery, Endpoint, Try

__all__ = [
    "SCOPES",
    "Access",
    "Acknowledgement",
    "AdviceMessage",
    "AdviceThread",
    "Answered",
    "Authorisation",
    "BreakGlass",
    "Completion",
    "Delivery",
    "DirectoryEntry",
    "Endpoint",
    "HrRecord",
    "Import",
    "ImportRow",
    "KnownDevice",
    "Licence",
    "MailChoice",
    "MailServer",
    "Nomination",
    "Notice",
    "Person",
    "Recovery",
    "Reminder",
    "RequiredStep",
    "RoleGrant",
    "SentBack",
    "Session",
    "Step",
    "Subject",
    "Token",
    "Try",
    "Unit",
]
