"""Which renditions the networks want: each at the best that it keeps, and those that want the same share one."""

from __future__ import annotations

from collections.abc import Iterable

from mercat.images.rendering import HOUSE, Recipe
from mercat.networks import registry

# No eye sees what more bytes would add to a picture of these sizes; and of servers that set limits of their own, few
# take less than this.
MOST_BYTES = 5_000_000


def recipe_for(network: str) -> Recipe | None:
    """What this network is given of a picture; None where it takes no pictures."""
    rules = registry.get(network).spec.media
    if not rules.max_count:
        return None
    return Recipe(rules.longest_side, min(rules.max_bytes, MOST_BYTES), png="image/png" in rules.mimes)


def recipes_for(networks: Iterable[str]) -> list[Recipe]:
    """Each recipe once."""
    return list(dict.fromkeys(recipe for network in networks if (recipe := recipe_for(network))))


def all_recipes() -> list[Recipe]:
    """The house's own first, then those of every network."""
    return [HOUSE, *recipes_for(network.spec.slug for network in registry.all())]
