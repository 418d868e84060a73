"""What accounts show of the body: compared with what is assigned to them, and put back (clauses 3.4, 3.5, 7.1, 7.2)."""
