"""Accounts that somebody found outside of the register: what they are, and what is done about each."""
