"""What was found outside of the register, and what became of it."""

from mercat.watch.models.cases import Case, CaseNote
from mercat.watch.models.direct import CouldHave, DirectLook, DirectUse
from mercat.watch.models.lookalikes import LookAlike, NameSearch
from mercat.watch.models.reports import NetworkReport

__all__ = ["Case", "CaseNote", "CouldHave", "DirectLook", "DirectUse", "LookAlike", "NameSearch", "NetworkReport"]
