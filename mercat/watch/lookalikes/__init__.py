"""Accounts on the networks that call themselves like the body: searched for, each a case or none (4.10, 4.11, 7.1)."""
