"""Import from the HR system (clause 5.2): compared first, and done by somebody's choice, each line on record."""
