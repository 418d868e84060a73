"""The authorised structure, the accounts that fill it, their reviews, and how each is reached."""

from mercat.register.models.accounts import Account, Change, Posture, Spoc
from mercat.register.models.connections import Connection
from mercat.register.models.exceptions import DirectAccess, DirectPost
from mercat.register.models.hand_overs import HandOver
from mercat.register.models.public import PublicEdition
from mercat.register.models.reviews import Reminder, Review
from mercat.register.models.structure import Application, Founding, Question, Slot

__all__ = [
    "Account",
    "Application",
    "Change",
    "Connection",
    "DirectAccess",
    "DirectPost",
    "Founding",
    "HandOver",
    "Posture",
    "PublicEdition",
    "Question",
    "Reminder",
    "Review",
    "Slot",
    "Spoc",
]
