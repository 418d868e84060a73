"""What was found outside of the register, and what became of it; what became of posts among people; and what
accounts show."""

from mercat.watch.models.cases import Case, CaseNote
from mercat.watch.models.direct import CouldHave, DirectGap, DirectLook, DirectUse
from mercat.watch.models.figures import FiguresDue, FiguresRead
from mercat.watch.models.heard import CommentsLook, Heard, HeardGap, MentionsLook
from mercat.watch.models.lookalikes import LookAlike, NameSearch
from mercat.watch.models.profiles import (
    Branding,
    MessagesOff,
    Part,
    ProfileChange,
    ProfileFinding,
    ProfileLook,
    RightPicture,
)
from mercat.watch.models.reports import NetworkReport

__all__ = [
    "Branding",
    "Case",
    "CaseNote",
    "CommentsLook",
    "CouldHave",
    "DirectGap",
    "DirectLook",
    "DirectUse",
    "FiguresDue",
    "FiguresRead",
    "Heard",
    "HeardGap",
    "LookAlike",
    "MentionsLook",
    "MessagesOff",
    "NameSearch",
    "NetworkReport",
    "Part",
    "ProfileChange",
    "ProfileFinding",
    "ProfileLook",
    "RightPicture",
]
