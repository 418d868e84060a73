"""How an account stands: its status, what is said of it, how it is protected, and who answers for it."""
