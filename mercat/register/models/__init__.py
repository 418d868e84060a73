"""The authorised structure, the accounts that fill it, and how each is reached."""

from mercat.register.models.accounts import Account, Spoc
from mercat.register.models.connections import Connection
from mercat.register.models.hand_overs import HandOver
from mercat.register.models.public import PublicEdition
from mercat.register.models.structure import Application, Slot

__all__ = ["Account", "Application", "Connection", "HandOver", "PublicEdition", "Slot", "Spoc"]
