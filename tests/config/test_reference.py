"""The reference says what the programme says."""

from __future__ import annotations

import pytest

from tests.config import reference
from tests.networks import table


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("environment.md", reference.settings),
        ("command-line.md", reference.commands),
        ("networks-and-parts.md", table.page),
        ("api.json", reference.interface),
    ],
)
def test_the_reference_is_what_the_programme_says(name: str, text) -> None:
    written = (reference.FOLDER / name).read_text(encoding="utf-8")
    assert written == text(), "run `make reference`"
