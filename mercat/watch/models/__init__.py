"""What was found outside of the register, and what became of it."""

from mercat.watch.models.direct import CouldHave, DirectLook, DirectUse

__all__ = ["CouldHave", "DirectLook", "DirectUse"]
