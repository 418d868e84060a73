"""Counting, links and reading HTML."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercat.networks.kit.text import MOST_HTML, byte_slice, graphemes, links, squashed, text_of_html
from tests.shared import shared


def test_graphemes_are_counted_as_a_real_server_counted_them() -> None:
    measured = json.loads(shared("atproto", "measured", "grapheme-counts.json").read_text(encoding="utf-8"))
    rows = measured["rows"]
    assert len(rows) >= 12
    counted = [graphemes(row["unit"] * row["repeat"]) for row in rows]
    assert counted == [row["pds_graphemes"] for row in rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://example.org", ["https://example.org"]),
        ("see http://example.org/a?b=c&d=e#f now", ["http://example.org/a?b=c&d=e#f"]),
        ("HTTPS://EXAMPLE.ORG/A", ["HTTPS://EXAMPLE.ORG/A"]),
        ("ends https://example.org/a.", ["https://example.org/a"]),
        ("asks https://example.org/a?!", ["https://example.org/a"]),
        ("(https://example.org/a)", ["https://example.org/a"]),
        ("https://example.org/a_(b)", ["https://example.org/a_(b)"]),
        ("“https://example.org/a”", ["https://example.org/a"]),
        ("https://example.org/snow❄️/weg", ["https://example.org/snow❄️/weg"]),
        ("https://bücher.example/ä", ["https://bücher.example/ä"]),
        ("https://xn--bcher-kva.example", ["https://xn--bcher-kva.example"]),
        ("https://example.org:8443/a", ["https://example.org:8443/a"]),
        ("https://a.org and https://b.org", ["https://a.org", "https://b.org"]),
        ("القصة https://example.org/خبر", ["https://example.org/خبر"]),
        ("example.org and done.Next", []),
        ("https://localhost/ and https://", []),
        ("ftp://example.org and javascript:alert(1)", []),
        ("a@https://example.org", []),
        ("https://example.123", []),
    ],
)
def test_links_are_found_without_what_only_surrounds_them(text: str, found: list[str]) -> None:
    assert [span.text for span in links(text)] == found


@given(st.text(), st.text(alphabet="abcdefghij/?=&", min_size=0), st.text())
def test_a_link_is_cut_out_of_its_text_by_characters_and_by_bytes(before: str, path: str, after: str) -> None:
    text = f"{before} https://example.org/{path} {after}"
    spans = links(text)
    assert spans
    for span in spans:
        assert text[span.start : span.end] == span.text
        start, end = byte_slice(text, span)
        assert text.encode()[start:end].decode() == span.text


@given(st.text())
def test_no_text_breaks_the_search_for_links(text: str) -> None:
    spans = links(text)
    assert all(first.end <= second.start for first, second in pairwise(spans))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One<br>Two<br />Three</p>", "One\nTwo\nThree"),
        ("<p>&lt;b&gt; &amp; &quot;quoted&quot; &#39;x&#39;</p>", "<b> & \"quoted\" 'x'"),
        ('<p><a href="x"><span class="invisible">https://</span><span>a.org/b</span></a></p>', "https://a.org/b"),
        ("plain", "plain"),
        ("", ""),
        ("<p>unclosed <b>tags", "unclosed tags"),
        ("<P>One<BR>Two</P>Three", "One\nTwo\n\nThree"),
        ("<a title=\"a>b\" rel='c>d'>e</a>", "e"),
        ("<p>a < b", "a < b"),
        ("<pre>x</pre><broken>y</path>", "xy"),
        ("a<!-- b -->c", "ac"),
        ("&#128077;&#x1F44D;&hearts;&zzz;", "👍👍♥&zzz;"),
        ("&#" + "1" * 5_000 + ";", "\N{REPLACEMENT CHARACTER};"),
        ("&#0;&#xD800;", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_html_is_read_as_a_person_reads_it(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<![", "<!", "<", "</", "<?", "<a b='", '<a b="', "<'\"", "&", "&#", "&x"]
)
def test_html_that_never_closes_is_read_once_and_stays_text(piece: str) -> None:
    html = piece * (MOST_HTML // len(piece))
    assert text_of_html(html) is not None


def test_html_longer_than_any_post_is_not_read() -> None:
    assert text_of_html("x" * MOST_HTML) == "x" * MOST_HTML
    assert text_of_html("x" * (MOST_HTML + 1)) is None


@given(st.text(alphabet="<>!/[]-&#;\"'= abpr\n0x"))
def test_no_html_breaks_the_reading(html: str) -> None:
    assert isinstance(text_of_html(html), str)


@pytest.mark.parametrize("ending", [")", ").", "]", "}", ".,;"])
def test_however_much_stands_after_a_link_it_is_left_out_in_one_pass(ending: str) -> None:
    found = links("https://example.org/a" + ending * 300_000)
    assert [span.text for span in found] == ["https://example.org/a"]


def test_white_space_is_squashed() -> None:
    assert squashed(" a\n\n b\t c ") == "a b c"
