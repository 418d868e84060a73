"""Draws the state tables into docs/explanation/sending.md: `make reference`. A test compares."""

from __future__ import annotations

from mercat.delivery import states as sending
from mercat.posts import states as posts
from tests.shared import ROOT

PAGE = ROOT / "docs" / "explanation" / "sending.md"
MARK = "<!-- From here on written by `make reference` from mercat/delivery/states.py and mercat/posts/states.py. -->\n"


def drawn() -> str:
    """The page as it should be: its written part, then the tables of today."""
    written, mark, _ = PAGE.read_text().partition(MARK)
    states = "\n".join(f"| `{state}` | {words} |" for state, words in sending.STATES.items())
    steps = "\n".join(f"| {step} | {when} |" for step, when in sending.EVENTS.items())
    return f"""{written}{mark}
## The states of a consignment

```mermaid
{sending.drawing()}
```

| state | in words |
|---|---|
{states}

| step | when |
|---|---|
{steps}

## The states of a post

```mermaid
{posts.drawing()}
```
"""


if __name__ == "__main__":
    PAGE.write_text(drawn())
