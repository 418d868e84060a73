"""What else is counted of a post than what was done to it here: as many as the control says, and none until then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mercat.sandbox.models import Post
from mercat.sandbox.standin import BadPost, World

WORDS = ("views", "reach", "reactions", "replies", "shares", "saves", "clicks")
KIND = "figures"


def figures_of(world: World, native_id: str) -> dict[str, int]:
    """Every word with its number."""
    return {**dict.fromkeys(WORDS, 0), **(world.store.kept(world.slug, KIND, native_id, world.clock()) or {})}


def put_figures(world: World, given: Mapping[str, Any]) -> tuple[Post, dict[str, int]]:
    """`post` names it, the rest is by the words above; what is left out stays. Raises BadPost."""
    post = world.store.post(world.slug, str(given.get("post", "")))
    if post is None:
        raise BadPost("Figures need the native id of a post that is here, as `post`.")
    wanted = {word: number for word, number in given.items() if word != "post"}
    if unknown := set(wanted) - set(WORDS):
        raise BadPost(f"There is no figure {', '.join(sorted(unknown))}. There are: {', '.join(WORDS)}.")
    if not all(type(number) is int and number >= 0 for number in wanted.values()):
        raise BadPost("A figure is a whole number, and not below nought.")
    told = {**figures_of(world, post.native_id), **wanted}
    world.store.keep(world.slug, KIND, post.native_id, told)
    return post, told
