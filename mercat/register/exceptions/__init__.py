"""Direct access: speaking on a network itself, past the tool, for a while and by leave (clause 6.3)."""

LIST = "/register/exceptions/"
ASKED = "Direct access is asked for"  # subjects of notices
ROTATE = "Change the credential of an account after direct access"
OVERDUE = "The credential of an account should have been changed by now"
