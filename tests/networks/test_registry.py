"""Which networks there are."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from mercat.networks import registry

ADAPTER = """
import dataclasses
from mercat.networks import registry
from mercat.networks.bluesky.adapter import NETWORK as BLUESKY
NETWORK = dataclasses.replace(BLUESKY, spec=dataclasses.replace(BLUESKY.spec, slug="{slug}"))
"""


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Makes an outside package with an entry point under the given name."""

    def make(slug: str, adapter: str, package: str = "outside_network") -> None:
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "adapter.py").write_text(adapter)
        (folder / "guide.md").write_text("1. Ask.\n")
        points = (EntryPoint(slug, package, registry.GROUP),)
        monkeypatch.setattr(registry, "entry_points", lambda group: points)
        _forget()

    monkeypatch.syspath_prepend(tmp_path)
    _forget()
    yield make
    _forget()
    for name in [name for name in sys.modules if name.startswith("outside_network")]:
        del sys.modules[name]


def _forget() -> None:
    registry._folders.cache_clear()
    registry._load.cache_clear()
    registry.spellings.cache_clear()


def test_every_folder_with_an_adapter_is_a_network() -> None:
    room = Path(registry.__file__).parent
    folders = {path.parent.name for path in room.glob("*/adapter.py")}
    assert {network.spec.slug for network in registry.all()} == folders


def test_an_unknown_slug_is_told_with_the_known_ones() -> None:
    for ask in (registry.get, registry.guide, registry.icon, registry.folder):
        with pytest.raises(registry.UnknownNetwork, match=r"no network “myspace”.*bluesky, facebook"):
            ask("myspace")


def test_an_outside_package_brings_a_network_by_entry_point(bring: Any) -> None:
    bring("elsewhere", ADAPTER.format(slug="elsewhere"))
    assert registry.get("elsewhere").spec.slug == "elsewhere"
    assert registry.guide("elsewhere") == "1. Ask.\n"
    slugs = [network.spec.slug for network in registry.all()]
    assert "elsewhere" in slugs
    assert slugs == sorted(slugs)


def test_a_package_that_cannot_be_imported_is_named(bring: Any) -> None:
    bring("elsewhere", "import no_such_module\n")
    with pytest.raises(registry.BadNetwork, match="outside_network brings no network"):
        registry.get("elsewhere")


def test_an_adapter_without_a_network_is_named(bring: Any) -> None:
    bring("elsewhere", "NETWORK = 'not one'\n")
    with pytest.raises(registry.BadNetwork, match="is not a Network with the slug “elsewhere”"):
        registry.get("elsewhere")


def test_a_network_under_a_wrong_name_is_named(bring: Any) -> None:
    bring("elsewhere", ADAPTER.format(slug="somewhere"))
    with pytest.raises(registry.BadNetwork, match="elsewhere"):
        registry.get("elsewhere")


def test_two_folders_of_one_slug_are_refused(bring: Any) -> None:
    bring("bluesky", ADAPTER.format(slug="bluesky"))
    with pytest.raises(registry.BadNetwork, match=r"Two folders bring the network “bluesky”"):
        registry.get("bluesky")
