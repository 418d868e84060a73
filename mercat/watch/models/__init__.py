"""What was found outside of the register, and what became of it."""

from mercat.watch.models.cases import Case, CaseNote
from mercat.watch.models.direct import CouldHave, DirectGap, DirectLook, DirectUse

__all__ = ["Case", "CaseNote", "CouldHave", "DirectGap", "DirectLook", "DirectUse"]
