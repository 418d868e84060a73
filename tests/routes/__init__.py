"""Who may open and do what: every route, for every role, about what is of their own unit and of another."""
