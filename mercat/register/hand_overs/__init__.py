"""Individual accounts whose holders moved or left: handed to the next holder, or closed (clause 4.9)."""

WAITS = "An individual account waits for its next holder"  # the subject of the notice
PAGE = "/register/hand-overs/"
