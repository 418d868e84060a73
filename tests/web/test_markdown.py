"""The guides' Markdown, and that nothing else gets through."""

from __future__ import annotations

import pytest

from mercat.networks import registry
from mercat.web.markdown import markdown


def test_lists_and_paragraphs_become_the_design_systems() -> None:
    html = markdown("Do this:\n\n1. Open **Settings**\n2. Copy `key`\n\n- one\n")
    assert '<p class="govuk-body">Do this:</p>' in html
    steps = "<li>Open <strong>Settings</strong></li><li>Copy <code>key</code></li>"
    assert f'<ol class="govuk-list govuk-list--number">{steps}</ol>' in html
    assert '<ul class="govuk-list govuk-list--bullet"><li>one</li></ul>' in html


@pytest.mark.parametrize("bad", ["<script>x</script>", "[a](javascript:x)", '[a](https://x" onclick="y)', "**<b>**"])
def test_nothing_that_a_guide_says_becomes_another_tag(bad: str) -> None:
    html = str(markdown(bad))
    assert "<script" not in html
    assert "javascript:x</a>" not in html
    assert 'onclick="' not in html
    assert "<b>" not in html


@pytest.mark.parametrize("network", registry.all(), ids=lambda network: network.spec.slug)
def test_every_networks_guide_is_a_list_of_steps(network) -> None:
    assert "<ol" in markdown(registry.guide(network.spec.slug))


def test_a_line_goes_on_the_one_above_it() -> None:
    html = markdown("One\nparagraph.\n\nAnother.\n- an item\n  of two lines\n- a second\n\nThe end.")
    assert html.count("<p ") == 3
    assert "One paragraph." in html
    assert "<li>an item of two lines</li><li>a second</li>" in html
