"""Applications while they are written, asked about and answered (clause 4.12)."""
