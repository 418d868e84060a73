"""Fixtures of the whole suite. What must happen before Django loads is in `tests/plugin.py`."""
