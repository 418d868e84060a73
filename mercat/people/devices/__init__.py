"""The body's own devices (clause 6.4): how one is known, and what to do when none is at hand."""
