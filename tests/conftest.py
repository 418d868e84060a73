"""Fixtures of the whole suite. What must happen before Django loads is in `tests/plugin.py`."""

from tests.audit.flush import _append_only_tables_can_be_cleared_between_tests  # noqa: F401
