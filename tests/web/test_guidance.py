"""The guidance's own pages: its four questions answered from live data, and its compliance record."""

from __future__ import annotations

import re

import pytest

from mercat.people.pack import guidance
from tests import factories as make
from tests.pages import at_noon, signed_in, text_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def test_the_four_questions_are_answered_from_what_is_there_now() -> None:
    client = signed_in(make.person("Viewer"))
    assert "Which accounts 0 of 0 places filled." in text_of(client.get("/guidance/"))
    make.account("Dundee Local Policing")
    make.authorised("Trained Officer")
    said = text_of(client.get("/guidance/"))
    assert "Which accounts 1 of 1 places filled." in said
    assert "Who may post 1 of 3 people." in said  # the trainer is one of them


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Why", "Keep people safe"),
        ("Which accounts", "Dundee Local Policing"),
        ("Who may post", "Trained Officer"),
        ("How", "may open access once training is confirmed"),
    ],
)
def test_each_question_leads_to_the_page_that_answers_it(question: str, answer: str) -> None:
    make.account("Dundee Local Policing")
    make.authorised("Trained Officer")
    client = signed_in(make.person("Viewer", unit_roles=("spoc",)))
    html = client.get("/guidance/").content.decode()
    link = re.search(rf"<h2>{question}</h2>.*?href=\"([^\"]+)\"", html, re.DOTALL)[1]
    place = "/guidance/" if link.startswith("#") else link
    assert answer in text_of(client.get(place))


def test_the_compliance_record_is_shown_as_the_pack_carries_it() -> None:
    said = text_of(signed_in(make.person()).get("/guidance/"))
    assert len(guidance().pack.compliance) == 3
    for item in guidance().pack.compliance:
        assert f"{item.name} {item.state}" in said
