"""The pages lead somewhere, and are finished."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.shared import ROOT

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
DEFINITION = re.compile(r"^\[[^\]]+\]:\s*<?([^\s>]+)", re.MULTILINE)
PICTURE = re.compile(r'(?:src|href)="([^"]+)"')
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#")
PLACEHOLDER = re.compile(r"\b(FIGURES|TODO|TBD|XXX)\b")


def links(text: str) -> list[str]:
    """Where a page's links lead within the project, without the place on the page."""
    prose = CODE.sub("", text)
    found = [target for pattern in (LINK, DEFINITION, PICTURE) for target in pattern.findall(prose)]
    return [target.partition("#")[0] for target in found if not ELSEWHERE.match(target)]


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert [target for target in links(text) if not (file.parent / target).exists()] == []


@pytest.mark.parametrize("file", PAGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_page_holds_a_place_for_what_was_to_come(file: Path) -> None:
    assert PLACEHOLDER.findall(file.read_text(encoding="utf-8")) == []


def test_help_tells_of_every_recipe_that_the_readme_names() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = re.findall(r"^    make ([\w-]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) == {"run", "test", "trial"}
    assert [recipe for recipe in named if f"make {recipe} " not in said] == []


def test_links_are_found_however_they_are_written() -> None:
    text = """[a](a.md#part) ![b](<b.png>) [c]: c.md
[d]: ../d.md "title"
<img src="e.png"> [out](https://example.org/x.md) [here](#part) [mail](mailto:x@example.org)
`[code](f.md)`
```
[code](g.md)
```
"""
    assert links(text) == ["a.md", "b.png", "../d.md", "e.png"]


def test_there_are_pages_with_links() -> None:
    assert sum(len(links(page.read_text(encoding="utf-8"))) for page in PAGES) > 20
