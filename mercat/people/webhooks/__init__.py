"""Telling other programmes what happened: which addresses, what they are told, and every try."""
