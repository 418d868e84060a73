"""Direct access: speaking on a network itself, past the tool, for a while and by leave (clause 6.3)."""

ASKED = "Direct access is asked for"  # subjects of notices
ROTATE = "Change the credential of an account after direct access"
OVERDUE = "The credential of an account should have been changed by now"


def in_hours(hours: int) -> str:
    return "1 hour" if hours == 1 else f"{hours} hours"
