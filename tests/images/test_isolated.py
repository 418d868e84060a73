"""Decoding in a process of its own: what becomes of it there becomes of nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from mercat.images import isolated, worker
from mercat.images.isolated import Crashed, renditions, run
from mercat.images.recipes import all_recipes, recipe_for
from mercat.images.rendering import HOUSE, NotAPicture, Recipe
from mercat.networks import registry
from tests.images import crafted
from tests.images.crafted import quarters, saved
from tests.shared import ROOT

UPLOAD = saved(quarters(size=(60, 40)), "JPEG")
ONE = {"file": "one.jpg", "mime": "image/jpeg", "width": 60, "height": 40}


def test_a_picture_comes_back_for_every_recipe() -> None:
    made = renditions(UPLOAD, all_recipes())
    assert {(each.mime, each.width, each.height) for each in made} == {("image/jpeg", 60, 40)}


def test_its_refusals_are_told_in_its_words() -> None:
    with pytest.raises(NotAPicture, match="not a picture"):
        renditions(b"hello", [HOUSE])


def test_nothing_of_it_stays_behind(settings, tmp_path: Path) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    renditions(UPLOAD, [HOUSE])
    with pytest.raises(NotAPicture):
        renditions(b"hello", [HOUSE])
    assert list(tmp_path.iterdir()) == []


def test_every_network_has_the_recipe_of_its_own_limits() -> None:
    for network in registry.all():
        rules, recipe = network.spec.media, recipe_for(network.spec.slug)
        if not rules.max_count:
            assert recipe is None
            continue
        assert recipe.longest_side == rules.longest_side
        assert recipe.max_bytes <= rules.max_bytes
        assert recipe.png == ("image/png" in rules.mimes)


def probe(code: str, work: str = worker.PICTURE) -> subprocess.CompletedProcess[str]:
    """What `code` finds once the limits are set."""
    whole = f"from mercat.images import worker; worker._confine({work!r})\n{code}"
    return subprocess.run([sys.executable, "-c", whole], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("x = bytearray(3 * 2**30)", "MemoryError"),
        ("open('/tmp/mercat-probe', 'wb').write(bytes(65 * 2**20))", "File too large"),
        ("[open('/dev/null') for _ in range(200)].clear()", "Too many open files"),
    ],
)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Other systems do not hold all limits")
def test_it_cannot_take_more_than_its_share(code: str, ends: str) -> None:
    done = probe(code)
    assert done.returncode != 0
    assert ends in done.stderr
    Path("/tmp/mercat-probe").unlink(missing_ok=True)


def test_it_is_trusted_with_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MERCAT_DATABASE_URL", "postgres://secret")
    monkeypatch.setattr(isolated, "ROOT", tmp_path)
    package = tmp_path / "mercat" / "images"
    package.mkdir(parents=True)
    for place in (package.parent, package):
        (place / "__init__.py").touch()
    (package / "worker.py").write_text(
        "import json, os, sys\njson.dump({'made': dict(os.environ)}, open(sys.argv[2] + '/report.json', 'w'))"
    )
    (tmp_path / "work").mkdir()
    seen = run("any", tmp_path / "work", {}, seconds=10)["made"]
    assert seen.keys() - {"LC_CTYPE"} == {"PYTHONPATH", "TMPDIR", "LANG", "MALLOC_ARENA_MAX"}


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A worker that runs this instead of decoding."""
    package = tmp_path / "code" / "mercat" / "images"
    package.mkdir(parents=True)
    for place in (package.parent, package):
        (place / "__init__.py").touch()
    monkeypatch.setattr(isolated, "ROOT", tmp_path / "code")

    def script(code: str) -> None:
        start = "import json, os, signal, sys, time\nfrom pathlib import Path\nplace = Path(sys.argv[2])\n"
        tell = "def tell(report): (place / 'report.json').write_text(json.dumps(report))\n"
        (package / "worker.py").write_text(start + tell + code)

    return script


@pytest.mark.parametrize(
    "code",
    [
        "os.kill(os.getpid(), signal.SIGSEGV)",
        "os.kill(os.getpid(), signal.SIGKILL)",
        "raise SystemExit(1)",
        "",
        "time.sleep(60)",
        "(place / 'report.json').write_text('{')",
        "(place / 'report.json').write_text('[]')",
        "tell({'made': 3})",
        "tell({'made': []})",
        f"tell({{'made': [{ONE}]}})",
        f"(place / 'one.jpg').write_bytes(b'GIF89a'); tell({{'made': [{ONE}]}})",
        f"(place / 'one.jpg').write_bytes(b'\\xff\\xd8\\xff' + bytes(2_000_000)); tell({{'made': [{ONE}]}})",
        f"(place / 'one.jpg').symlink_to('/etc/passwd'); tell({{'made': [{ONE}]}})",
        f"tell({{'made': [{ONE | {'file': '../../../etc/passwd'}}]}})",
        f"(place / 'one.jpg').write_bytes(b'\\xff\\xd8\\xff'); tell({{'made': [{ONE | {'width': 9000}}]}})",
        f"(place / 'one.jpg').write_bytes(b'\\xff\\xd8\\xff'); tell({{'made': [{ONE | {'width': 'x'}}]}})",
        f"(place / 'one.jpg').write_bytes(b'\\xff\\xd8\\xff'); tell({{'made': [{ONE | {'mime': 'text/html'}}]}})",
    ],
)
def test_whatever_goes_wrong_in_it_is_a_refusal_in_words(says, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(isolated, "PATIENCE", 3.0)
    says(code)
    with pytest.raises(NotAPicture, match="gave up on it"):
        renditions(UPLOAD, [HOUSE])


def test_it_does_not_outlive_its_time(says, tmp_path: Path) -> None:
    says("(place / 'pid').write_text(str(os.getpid())); time.sleep(60)")
    place = tmp_path / "work"
    place.mkdir()
    with pytest.raises(Crashed, match="in time"):
        run("any", place, {}, seconds=1.0)
    with pytest.raises(ProcessLookupError):
        os.kill(int((place / "pid").read_text()), 0)


def test_who_watches_can_end_it(says, tmp_path: Path) -> None:
    says("time.sleep(60)")

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("any", tmp_path, {}, seconds=30, watch=stop)


def test_pictures_are_rendered_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadPoolExecutor(1) as pool, isolated.TURN:
        waiting = pool.submit(renditions, UPLOAD, [HOUSE])
        assert not wait([waiting], timeout=0.2).done
        monkeypatch.setattr(isolated, "QUEUE_PATIENCE", 0.01)
        with pytest.raises(NotAPicture, match=r"Others are adding pictures or PDFs\. Add this one again in a minute\."):
            renditions(UPLOAD, [HOUSE])
        isolated.TURN.release()
        assert waiting.result(20)[0].mime == "image/jpeg"
        isolated.TURN.acquire()


def test_a_phones_picture_is_read_within_the_limits() -> None:
    made = renditions(crafted.talkative_heic(), [HOUSE, Recipe(40, 5_000_000, png=False)])
    assert [(each.width, each.height) for each in made] == [(160, 80), (40, 20)]
    assert json.dumps([each.mime for each in made]) == '["image/jpeg", "image/jpeg"]'
