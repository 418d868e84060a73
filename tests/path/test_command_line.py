"""The path by command line: compose → gate → approve → send → read back → prove, on every kind of server."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.utils import timezone
from PIL import Image

from mercat.audit import verifier
from mercat.audit.cli import audit
from mercat.audit.log import integrate
from mercat.delivery.engine import Engine
from mercat.posts.cli import post
from tests import factories as make
from tests.delivery.inline import inline
from tests.pages import passphrase_alone  # noqa: F401
from tests.path.conftest import GROUNDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real, pytest.mark.usefixtures("passphrase_alone")]

WORDS = "castle river lantern"
TEXT = "The road at https://example.org is closed. 🚧 #Dundee"


@pytest.mark.parametrize("server", GROUNDS, indirect=True)
def test_a_post_from_composing_to_its_proof(server, account, tmp_path):
    now = timezone.now()
    people = {"now": now, "trained_until": now + timedelta(days=300), "passphrase": WORDS}
    officer = make.authorised("Local officer", **people)
    spoc = make.authorised("Spoc", rank="sergeant", **people)
    make.register.appoint_spoc(by=make.TEST, account=account, person=spoc, now=now)
    Image.effect_noise((800, 600), 40).convert("RGB").save(tmp_path / "road.jpg")

    told = run(post, "compose", "--text", TEXT, "--to", account.name, "--pillar", "warning", "--picture",
               str(tmp_path / "road.jpg"), "--alt", "A road with a barrier", "--submit", by=officer)  # fmt: skip
    refused = CliRunner().invoke(
        post,
        ["approve", told["id"], "--digest", told["digest"], "--as", officer.email],
        env={"MERCAT_PASSPHRASE": WORDS},
    )
    assert refused.exit_code == 3
    run(post, "approve", told["id"], "--digest", told["digest"], by=spoc)
    _send()
    (sent,) = run(post, "status", told["id"], by=officer)["consignments"]
    assert (sent["state"], sent["reason"]) == ("sent", "")
    assert sent["url"]
    assert sent["read_back"]
    _stands(server, account)
    _is_proved(tmp_path, told["id"])


def run(group, *arguments, by):
    answer = CliRunner().invoke(group, [*arguments, "--as", by.email, "--json"], env={"MERCAT_PASSPHRASE": WORDS})
    assert answer.exit_code == 0, answer.stderr
    return json.loads(answer.output)


def _send():
    """What a nudged worker does, as often as pictures are still being prepared."""
    for later in (0, 5, 15):
        ahead = timedelta(seconds=later)
        Engine("normal", clock=lambda ahead=ahead: timezone.now() + ahead, pools=inline).drain()


def _stands(server, account):
    (standing,) = server.standing(account.native_id)
    assert (standing.text, list(standing.alts)) == (TEXT, ["A road with a barrier"])


def _is_proved(folder, post_id):
    """An outsider checks the export with the one file, and finds the approval of the very digest in it."""
    integrate(now=timezone.now())
    runner = CliRunner()
    key = runner.invoke(audit, ["key"]).output.split()[0]
    export = folder / "export.jsonl"
    done = runner.invoke(audit, ["export", str(export)])
    assert done.exit_code == 0, done.output
    checked = subprocess.run(
        [sys.executable, verifier.__file__, str(export), "--key", key], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert runner.invoke(audit, ["verify"]).exit_code == 0
    assert f"post:{post_id}" in "".join(_leaves(export))


def _leaves(export):
    for line in export.read_text().splitlines():
        leaf = json.loads(line).get("leaf")
        if leaf:
            yield base64.b64decode(leaf).decode()
