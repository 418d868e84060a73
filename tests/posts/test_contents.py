"""The bytes that people approve: equal for the same post, different for any other."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mercat.people.actions import Impossible
from mercat.posts.contents import Draft, DraftPicture, SealedFile, SealedPicture, canonical, normal

POST = UUID(int=7)
ACCOUNTS = [str(UUID(int=number)) for number in range(1, 5)]
NETWORKS = ["bluesky", "mastodon", "x"]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["e\u0301", "é", "a\r\nb", "a\nb", " a ", "\u2028", "ﬁ", "👩‍👩‍👧", "Å", "\u212b"]
)
moments = st.timedeltas(timedelta(0), timedelta(days=7000)).map(lambda after: datetime(2020, 1, 1, tzinfo=UTC) + after)
sealed = st.builds(
    SealedPicture, st.sampled_from(["a" * 64, "b" * 64]), st.just("image/png"), st.integers(1, 3), st.just(2),
    st.just(9), words,
)  # fmt: skip
drafts = st.builds(
    Draft,
    text=words,
    language=st.sampled_from(["en", "gd"]),
    variants=st.dictionaries(st.sampled_from(NETWORKS), words),
    targets=st.lists(st.sampled_from(ACCOUNTS), max_size=4).map(tuple),
    pillar=st.sampled_from(["warning", "trust"]),
    warning=st.booleans(),
    synthetic=st.booleans(),
    story=st.booleans(),
    document=words,
    due_at=st.none() | moments,
    begins=st.none() | moments,
)
untimed = settings(deadline=None, max_examples=300)


def meaning(draft: Draft, pictures: list[SealedPicture]) -> object:
    """What a draft says, told in another way than `canonical` does."""

    def plain(text: str) -> str:
        return unicodedata.normalize("NFC", "\n".join(text.replace("\r\n", "\n").split("\r"))).strip()

    def printed(text: str) -> str:
        """One line, in which nothing is that cannot be seen."""
        return "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in plain(text)).split()

    return (
        plain(draft.text),
        draft.language,
        {network: plain(text) for network, text in draft.variants.items() if plain(text)},
        [(each.sha256, each.width, plain(each.alt)) for each in pictures],
        set(draft.targets),
        draft.pillar,
        draft.warning,
        draft.synthetic,
        draft.story,
        printed(draft.document),
        draft.due_at,
        draft.begins,
    )


@untimed
@given(drafts, drafts, st.lists(sealed, max_size=2), st.lists(sealed, max_size=2))
def test_bytes_are_equal_exactly_where_the_content_is(
    one: Draft, other: Draft, pictures: list[SealedPicture], others: list[SealedPicture]
) -> None:
    same = meaning(one, pictures) == meaning(other, others)
    first = canonical(one, post=POST, number=1, media=pictures)
    assert (first == canonical(other, post=POST, number=1, media=others)) is same


@untimed
@given(drafts)
def test_other_code_points_line_ends_zones_and_orders_are_the_same_post(draft: Draft) -> None:
    def otherwise(text: str) -> str:
        return " " + unicodedata.normalize("NFD", normal(text)).replace("\n", "\r\n") + "\n"

    same = replace(
        draft,
        text=otherwise(draft.text),
        variants={"youtube": " \n", **{network: otherwise(text) for network, text in reversed(draft.variants.items())}},
        targets=(*reversed(draft.targets), *draft.targets),
        due_at=draft.due_at and draft.due_at.astimezone(timezone(timedelta(hours=-9))),
    )
    one, other = (canonical(each, post=POST, number=1, media=[]) for each in (draft, same))
    assert one == other


@untimed
@given(drafts, st.data())
def test_changing_any_one_field_changes_the_bytes(draft: Draft, data: st.DataObject) -> None:
    changes = {
        "text": draft.text + "!",
        "language": "fr",
        "variants": {**draft.variants, "bluesky": draft.variants.get("bluesky", "") + "!"},
        "targets": (*draft.targets, str(UUID(int=99))),
        "pillar": draft.pillar + "-other",
        "warning": not draft.warning,
        "synthetic": not draft.synthetic,
        "story": not draft.story,
        "document": draft.document + "!",
        "begins": (draft.begins or datetime(2027, 1, 1, tzinfo=UTC)) + timedelta(microseconds=1),
        "due_at": (draft.due_at or datetime(2027, 1, 1, tzinfo=UTC)) + timedelta(microseconds=1),
    }
    field = data.draw(st.sampled_from(sorted(changes)))
    changed = replace(draft, **{field: changes[field]})
    assert canonical(changed, post=POST, number=1, media=[]) != canonical(draft, post=POST, number=1, media=[])


def test_every_field_of_a_draft_is_bound() -> None:
    """A field that a draft gains must find its way into the bytes, and into the test above."""
    said = json.loads(canonical(Draft(), post=POST, number=1, media=[]))
    names = {"due_at": "due", "pictures": "media", "video": "media"}
    assert {names.get(name, name) for name in asdict(Draft())} == set(said) - {"format", "post", "version"}


@untimed
@given(drafts)
def test_the_same_post_in_another_version_has_other_bytes(draft: Draft) -> None:
    bytes_of = {
        canonical(draft, post=post, number=number, media=[]) for post in (POST, UUID(int=8)) for number in (1, 2)
    }
    assert len(bytes_of) == 4


@untimed
@given(drafts)
def test_bytes_are_utf8_json_with_sorted_keys_and_no_white_space(draft: Draft) -> None:
    words = canonical(draft, post=POST, number=1, media=[])
    said = json.loads(words.decode("utf-8"))
    assert words.decode() == json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def test_the_canonical_form_is_as_documented() -> None:
    draft = Draft(
        text="Cafe\u0301\r\nclosed ",
        variants={"mastodon": " ", "bluesky": "Shut."},
        targets=(ACCOUNTS[1], ACCOUNTS[0], ACCOUNTS[1]),
        pillar="warning",
        due_at=datetime(2026, 11, 27, 16, 30, tzinfo=timezone(timedelta(hours=1))),
    )
    picture = SealedPicture(
        "c" * 64, "image/png", 4, 3, 99, " A road sign ", {"bluesky": SealedFile("d" * 64, "image/jpeg", 4, 3, 88)}
    )
    assert canonical(draft, post=POST, number=2, media=[picture]).decode() == (
        '{"begins":null,"document":"","due":"2026-11-27T15:30:00+00:00","format":"mercat-version/4","language":"en",'
        f'"media":[{{"alt":"A road sign","height":3,"kind":"picture","mime":"image/png","renditions":{{"bluesky":'
        f'{{"height":3,"mime":"image/jpeg","sha256":"{"d" * 64}","size":88,"width":4}}}},'
        f'"sha256":"{"c" * 64}","size":99,"width":4}}],'
        '"pillar":"warning","post":"00000000-0000-0000-0000-000000000007",'
        f'"story":false,"synthetic":false,"targets":["{ACCOUNTS[0]}","{ACCOUNTS[1]}"],"text":"Café\\nclosed",'
        '"variants":{"bluesky":"Shut."},"version":2,"warning":false}'
    )


@untimed
@given(st.text())
def test_normal_text_is_normal_already(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert "\r" not in normal(text)


@untimed
@given(drafts, st.sampled_from(NETWORKS))
def test_a_network_is_checked_on_the_words_that_it_will_get(draft: Draft, network: str) -> None:
    """What is sent is read from the bytes, so what is counted must be the same."""
    said = json.loads(canonical(draft, post=POST, number=1, media=[]))
    assert draft.wording(network) == said["variants"].get(network, said["text"])


@untimed
@given(drafts, st.lists(st.builds(DraftPicture, st.sampled_from(ACCOUNTS), words), max_size=2))
def test_a_draft_that_was_stored_is_restored_as_it_was(draft: Draft, pictures: list[DraftPicture]) -> None:
    draft = replace(draft, pictures=tuple(pictures))
    assert Draft.restored(json.loads(json.dumps(draft.stored()))) == draft


@pytest.mark.parametrize(
    ("stored", "place"),
    [
        ([], "all of it"),
        (None, "all of it"),
        ({"text": 7}, "text"),
        ({"variants": ["x"]}, "variants"),
        ({"pictures": [{"alt": "no id"}]}, "pictures"),
        ({"targets": "one"}, "targets"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"due_at": "2026-11-23T12:00:00"}, "due_at"),
    ],
)
def test_what_is_no_draft_any_more_is_said_in_words(stored: object, place: str) -> None:
    with pytest.raises(Impossible, match="cannot be read any more") as refusal:
        Draft.restored(stored)
    assert f"({place})" in str(refusal.value)


def test_a_draft_of_an_older_programme_has_the_newer_fields_empty() -> None:
    assert Draft.restored({"text": "x", "no longer known": 1}) == Draft(text="x")
