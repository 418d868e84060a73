"""Reviews: the only way by which the structure shrinks (clause 4.6)."""
