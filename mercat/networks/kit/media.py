"""The limits on pictures that every network has, in one set of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mercat.networks.kit.text import graphemes
from mercat.networks.port import MediaRules, Medium, Problem

_NAMES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "image/gif": "GIF"}


def media_problems(network: str, rules: MediaRules, media: Sequence[Medium]) -> list[Problem]:
    """Every limit of `rules` that `media` breaks."""
    problems = [problem for n, medium in enumerate(media, 1) for problem in _of_one(network, rules, n, medium)]
    if len(media) < rules.min_count:
        return [Problem("media", f"{network} takes no post without a picture. Add one.")]
    if len(media) <= rules.max_count:
        return problems
    over = len(media) - rules.max_count
    too_many = f"There are {len(media)} pictures; {network} takes {rules.max_count}. Take out {over}."
    return [Problem("media", too_many), *problems]


def _of_one(network: str, rules: MediaRules, n: int, medium: Medium) -> Iterator[Problem]:
    if medium.mime not in rules.mimes:
        known = ", ".join(_NAMES.get(mime, mime) for mime in sorted(rules.mimes))
        yield Problem("media", f"Picture {n} is of a kind that {network} does not take. It takes {known}.")
    if medium.size > rules.max_bytes:
        size, most = megabytes(medium.size), megabytes(rules.max_bytes)
        yield Problem("media", f"Picture {n} has {size} MB; {network} takes up to {most} MB. Use a smaller one.")
    if (length := graphemes(medium.alt)) > rules.max_alt:
        yield Problem(
            "alt", f"The description of picture {n} has {length:,} characters; {network} takes {rules.max_alt:,}."
        )


def megabytes(size: int) -> str:
    """Bytes in millions, with as many digits as tell a size just over a limit from the limit."""
    return f"{size / 1_000_000:.6f}".rstrip("0").rstrip(".")
