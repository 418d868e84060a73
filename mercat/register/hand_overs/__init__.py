"""Individual accounts whose holders moved or left: handed to the next holder, or closed (clause 4.9)."""
