"""Loading a pack: whole, or refused with file, line and reason of every fault."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from mercat.guidance.fault import Fault, PackError
from mercat.guidance.gate import Guidance
from mercat.guidance.lines import read_document
from mercat.guidance.pack import find_pack, load_pack, pack_digest
from mercat.guidance.shape import Procedure


def line_of(file: Path, text: str) -> int:
    """The number of the first line that holds this text."""
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if text in line)


def spoil(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))


def faults_of(root: Path) -> list[Fault]:
    with pytest.raises(PackError) as refused:
        load_pack(root)
    return list(refused.value.faults)


# file, what stands there, what stands there instead, the line that is named (by its new text), a word of the reason
SPOILED = {
    "a key that does not exist": ("pack.yaml", "pool: 250", "pool: 250\n  colour: red", "colour: red", "colour"),
    "a key that is missing": ("pack.yaml", "  valid_days: 1095\n", "", "course:", "course.valid_days"),
    "a number that is words": ("pack.yaml", "grace_days: 14", "grace_days: two weeks", "two weeks", "grace_days"),
    "advice by an unknown role": (
        "pack.yaml",
        "advice: {by: [corporate-communications]}",
        "advice: {by: [mayor]}",
        "advice: {by: [mayor]}",
        "no role mayor",
    ),
    "advice by a role of one unit": (
        "pack.yaml",
        "advice: {by: [corporate-communications]}",
        "advice: {by: [corporate-communications, spoc]}",
        "advice: {by: [corporate-communications, spoc]}",
        "role spoc is not held everywhere",
    ),
    "advice by nobody": (
        "pack.yaml",
        "advice: {by: [corporate-communications]}",
        "advice: {by: []}",
        "advice: {by: []}",
        "at least 1 item",
    ),
    "a number below its range": ("pack.yaml", "pool: 250", "pool: -1", "pool: -1", "greater than or equal to 0"),
    "a colour that is none": ("pack.yaml", '"#1b3766"', "blue", "brand: blue", "pattern"),
    "a spelling of a rank that there is not": (
        "pack.yaml",
        "PC: constable",
        "PC: bobby",
        "  ranks:\n    PC",
        "no rank bobby",
    ),
    "a spelling of a unit that there is not": (
        "pack.yaml",
        "P Division: fife",
        "P Division: lyonesse",
        "  units:\n    A Div",
        "no unit lyonesse",
    ),
    "a column that holds two things": ("pack.yaml", "left: Leaving date", "left: Completed", "columns:", "given twice"),
    "a form of dates that tells no day": ("pack.yaml", "%d/%m/%Y", "%m/%Y", "%m/%Y", "does not tell a day"),
    "a share of people beyond all": (
        "pack.yaml",
        "gone_at_most: 5",
        "gone_at_most: 101",
        "gone_at_most: 101",
        "less than or equal",
    ),
    "a reminder after the end": ("pack.yaml", "[60, 30, 7]", "[60, 0]", "[60, 0]", "remind_days.1"),
    "a key given twice": ("pack.yaml", "  pool: 250", "  pool: 250\n  pool: 3", "pool: 3", "given twice"),
    "a role given twice": ("pack.yaml", "key: ict\n", "key: auditor\n", None, "roles: auditor is given twice"),
    "a pillar with an unknown aim": (
        "pack.yaml",
        "aims: [confidence, support]",
        "aims: [fame]",
        "fame",
        "no aim fame",
    ),
    "a tier without approval": (
        "pack.yaml",
        "  regional: {needed: 1, by: [corporate-communications]}\n",
        "",
        "approvals:",
        "tier regional has no rule",
    ),
    "a procedure in two places": (
        "pack.yaml",
        "    text: |\n",
        "    url: https://example.org/\n    text: |\n",
        "personal-mobile-phones",
        "either text or url",
    ),
    "a procedure without a version": ("pack.yaml", '    version: "1.00"\n', "", "personal-mobile-phones", "version"),
    "a procedure of nobody": (
        "pack.yaml",
        "owner: corporate-communications",
        "owner: mayor",
        "owner: mayor",
        "no role or owner mayor",
    ),
    "licences that are idle at once": ("pack.yaml", "idle_days: 90", "idle_days: 0", "idle_days: 0", "greater than"),
    "approval of an unknown tier": (
        "pack.yaml",
        "  regional: {needed",
        "  parish: {needed",
        "parish:",
        "no tier parish",
    ),
    "approval by an unknown role": (
        "pack.yaml",
        "corporate: {needed: 1, by: [corporate-communications]}",
        "corporate: {needed: 1, by: [mayor]}",
        "mayor",
        "no role mayor",
    ),
    "approval by nobody": (
        "pack.yaml",
        "corporate: {needed: 1, by: [corporate-communications]}",
        "corporate: {needed: 1, by: []}",
        "by: []",
        "at least 1 item",
    ),
    "warnings approved by an unknown role": (
        "pack.yaml",
        "approved_by: [corporate-communications, divisional-commander]",
        "approved_by: [mayor]",
        "mayor",
        "no role mayor",
    ),
    "training by an unknown role": (
        "pack.yaml",
        "trainer: social-media-trainer",
        "trainer: coach",
        "coach",
        "no role coach",
    ),
    "reviews by an unknown role": (
        "pack.yaml",
        "remind_days: [30, 7], by: corporate-communications",
        "remind_days: [30, 7], by: mayor",
        "by: mayor",
        "no role mayor",
    ),
    "reviews without a reminder": (
        "pack.yaml",
        "remind_days: [30, 7]",
        "remind_days: []",
        "remind_days: []",
        "at least 1 item",
    ),
    "a reminder after the day": ("pack.yaml", "[14, 3]", "[-3]", "[-3]", "greater than or equal to 0"),
    "dormant from the first day": (
        "pack.yaml",
        "dormant_days: 180",
        "dormant_days: 0",
        "dormant_days: 0",
        "greater than or equal to 1",
    ),
    "direct access without an end": (
        "pack.yaml",
        "hours_at_most: 24",
        "hours_at_most: 0",
        "hours_at_most: 0",
        "greater than or equal to 1",
    ),
    "direct access for more than a week": (
        "pack.yaml",
        "hours_at_most: 24",
        "hours_at_most: 169",
        "hours_at_most: 169",
        "less than or equal to 168",
    ),
    "a credential that is changed at once": (
        "pack.yaml",
        "rotate_within_hours: 24",
        "rotate_within_hours: 0",
        "rotate_within_hours: 0",
        "greater than or equal to 1",
    ),
    "a credit that names no unit": (
        "pack.yaml",
        'credit: "Picture: {unit}"',
        'credit: "Picture: {person}"',
        'credit: "Picture: {person}"',
        "a credit names the unit once, as {unit}",
    ),
    "contributions for a network that the body does not use": (
        "pack.yaml",
        "networks: [youtube]",
        "networks: [vine]",
        "networks: [vine]",
        "vine",
    ),
    "contributions without a limit": (
        "pack.yaml",
        "most_waiting: 10",
        "most_waiting: 0",
        "most_waiting: 0",
        "greater than or equal to 1",
    ),
    "a standing text that names no number to call": (
        "pack.yaml",
        "- We cannot take reports here. To report a crime or a concern, call 101. In an emergency, call 999.",
        "- We cannot take reports here.",
        "- We cannot take reports here.",
        "names no number of the body",
    ),
    "a last text that is too long for some networks": (
        "pack.yaml",
        "- We cannot take reports here. To report a crime or a concern, call 101. In an emergency, call 999.",
        f"- Call 101, please. {'Do. ' * 50}",
        "- Call 101, please.",
        "more than 200 characters",
    ),
    "a phrase without a word": ("pack.yaml", "    - mugged\n", '    - "?!"\n', '"?!"', "at least one word"),
    "a phrase that is given twice": (
        "pack.yaml",
        "    - graffiti\n",
        "    - Broken-into!\n",
        "Broken-into!",
        "“broken into” is given twice",
    ),
    "what people wrote is never forgotten": (
        "pack.yaml",
        "keep_days: 7",
        "keep_days: 31",
        "keep_days: 31",
        "less than",
    ),
    "administered by nobody": (
        "pack.yaml",
        "administered_by: administrator",
        "administered_by: nobody",
        "nobody",
        "no role nobody",
    ),
    "a group for an unknown role": (
        "pack.yaml",
        "  idle_minutes: 60\n",
        "  idle_minutes: 60\n  groups:\n    press: {role: mayor}\n",
        "press",
        "no role mayor",
    ),
    "a group for a role without its unit": (
        "pack.yaml",
        "  idle_minutes: 60\n",
        "  idle_minutes: 60\n  groups:\n    tayside: {role: divisional-commander}\n",
        "tayside: {role",
        "role divisional-commander needs a unit",
    ),
    "a group in an unknown unit": (
        "pack.yaml",
        "  idle_minutes: 60\n",
        "  idle_minutes: 60\n  groups:\n    moon: {role: divisional-commander, unit: moon}\n",
        "moon: {role",
        "no unit moon",
    ),
    "a proof for an unknown action": (
        "pack.yaml",
        "    approve: Approve a post",
        "    applaud: Applaud a post",
        "applaud",
        "no action applaud",
    ),
    "a second factor that is neither": (
        "pack.yaml",
        "second_factor: required",
        "second_factor: perhaps",
        "perhaps",
        "'required' or 'optional'",
    ),
    "a date that is none": (
        "pack.yaml",
        "approved: 2020-03-17",
        "approved: 2020-13-17",
        "2020-13-17",
        "month must be in 1..12",
    ),
    "no YAML": ("pack.yaml", "networks:\n", "networks: [\n", "key: x, name", "not YAML"),
    "a slot in an unknown unit": (
        "structure.yaml",
        "tier: specialist, unit: dog-section",
        "tier: specialist, unit: cats",
        "unit: cats",
        "no unit cats",
    ),
    "a slot of an unknown tier": (
        "structure.yaml",
        "tier: specialist, unit: dog-section",
        "tier: pets, unit: dog-section",
        "tier: pets",
        "no tier pets",
    ),
    "a slot on an unknown network": (
        "structure.yaml",
        "network: youtube",
        "network: geocities",
        "geocities",
        "no network geocities",
    ),
    "a slot given twice": (
        "structure.yaml",
        "id: youtube-national",
        "id: linkedin-national",
        "network: linkedin",
        "slots: linkedin-national is given twice",
    ),
    "a unit within an unknown one": (
        "structure.yaml",
        "name: ICT, kind: department",
        "name: ICT, kind: department, within: moon",
        "moon",
        "no unit moon",
    ),
    "a unit within itself": (
        "structure.yaml",
        "name: ICT, kind: department",
        "name: ICT, kind: department, within: ict",
        "within: ict",
        "lies within itself",
    ),
    "a unit too deep": (
        "structure.yaml",
        "name: ICT, kind: department}",
        "name: ICT, kind: department}\n"
        "  - {id: one, name: One, kind: department, within: ict}\n"
        "  - {id: two, name: Two, kind: department, within: one}\n"
        "  - {id: three, name: Three, kind: department, within: two}\n"
        "  - {id: four, name: Four, kind: department, within: three}",
        "within: three",
        "unit four lies deeper than 3 units within each other",
    ),
    "a clause of an unknown kind": ("clauses.yaml", "kind: fact", "kind: wish", "kind: wish", "kind"),
    "a clause given twice": ("clauses.yaml", 'id: "1.2"', 'id: "1.1"', None, "clauses: 1.1 is given twice"),
    "an unknown status": ("clauses.yaml", "status: open", "status: soon", "status: soon", "status"),
    "a house rule with a clause's id": (
        "clauses.yaml",
        'id: "M.10"',
        'id: "9.9"',
        'id: "9.9"',
        "house rule has an id of its own",
    ),
    "a house rule that the programme needs": (
        "clauses.yaml",
        'id: "M.0"',
        'id: "M.77"',
        "house:",
        "house rule M.0 is missing",
    ),
    "a policy that is not Cedar": (
        "policies/standing.cedar",
        "unless { principal.nominated };",
        "unless { principal. };",
        '@id("2.3-nominated")',
        "not Cedar",
    ),
    "a fact that does not exist": (
        "policies/standing.cedar",
        "principal.nominated",
        "principal.knighted",
        '@id("2.3-nominated")',
        "policy 2.3-nominated: attribute `knighted`",
    ),
    "an action that does not exist": (
        "policies/permits.cedar",
        'Action::"reject"',
        'Action::"rejct"',
        '@id("may-reject")',
        'policy may-reject: unrecognized action `Action::"rejct"`',
    ),
    "an optional fact taken for granted": (
        "policies/standing.cedar",
        "principal has trained_until && ",
        "",
        '@id("5.3-trained")',
        "unable to guarantee safety",
    ),
    "a template": (
        "policies/permits.cedar",
        'permit (principal, action == Action::"reject"',
        'permit (principal == ?principal, action == Action::"reject"',
        '@id("may-reject")',
        "a policy is complete",
    ),
    "a policy without an id": (
        "policies/standing.cedar",
        '@id("2.3-nominated")\n',
        "",
        '@clause("2.3")\n@refusal("This person has not',
        "@id is missing",
    ),
    "a policy without a clause": (
        "policies/standing.cedar",
        '@clause("5.4")\n',
        "",
        '@id("5.4-acknowledged")',
        "policy 5.4-acknowledged: @clause is missing",
    ),
    "a policy without a refusal": (
        "policies/standing.cedar",
        '@refusal("The procedure on personal mobile phones on duty has not been acknowledged.")\n',
        "",
        '@id("5.4-acknowledged")',
        "@refusal is missing",
    ),
    "a policy without a remedy": (
        "policies/standing.cedar",
        '@remedy("The person reads the procedure and acknowledges it.")\n',
        "",
        '@id("5.4-acknowledged")',
        "@remedy is missing",
    ),
    "a policy without an owner": (
        "policies/standing.cedar",
        '@owner("ict")\n',
        "",
        '@id("5.9-access")',
        "@owner is missing",
    ),
    "a policy of an unknown clause": (
        "policies/standing.cedar",
        '@id("5.9-access")\n@clause("5.9")',
        '@id("5.99-access")\n@clause("5.99")',
        '@id("5.99-access")',
        "no clause 5.99",
    ),
    "a policy whose id belies its clause": (
        "policies/standing.cedar",
        '@id("5.9-access")',
        '@id("5.8-access")',
        '@id("5.8-access")',
        "@id must begin with its clause",
    ),
    "a policy owned by nobody": (
        "policies/standing.cedar",
        '@owner("ict")',
        '@owner("mayor")',
        '@id("5.9-access")',
        "no role or owner mayor",
    ),
    "two policies of one id": (
        "policies/standing.cedar",
        '@id("2.3-licensed")',
        '@id("2.3-trained")',
        None,
        "the same @id stands in policies/standing.cedar:",
    ),
    "two permits of one action": (
        "policies/permits.cedar",
        'Action::"reject"',
        'Action::"withdraw"',
        '@id("may-withdraw")',
        "already has a permit, may-reject",
    ),
    "a permit of everything": (
        "policies/permits.cedar",
        'action == Action::"reject"',
        "action",
        '@id("may-reject")',
        "a permit names one action",
    ),
    "a pause that holds nothing": (
        "policies/content.cedar",
        '@id("M.1-paused")\n@clause("M.1")',
        '@id("M.2-paused")\n@clause("M.2")',
        None,
        "no policy carries house rule M.1",
    ),
    "a schema that is not Cedar": (
        "schema.cedarschema",
        "entity Role;",
        "entity Role",
        "entity Role",
        "unexpected token",
    ),
    "a schema with an unknown type": ("schema.cedarschema", "  rank: String,", "  rank: Text,", None, "Text"),
    "a schema that forgets a fact": (
        "schema.cedarschema",
        "  rank: String,\n",
        "",
        "entity Person in",
        "entity Person does not fit",
    ),
    "a schema that asks for a fact nobody gives": (
        "schema.cedarschema",
        "  kind: String,",
        "  kind: String,\n  fee: Long,",
        "entity Application",
        "entity Application does not fit",
    ),
    "a context that nobody gives": (
        "schema.cedarschema",
        "type Around = {",
        "type Around = {\n  weather: String,",
        "action compose",
        "action compose takes no",
    ),
    "an example of an unknown person": (
        "examples/standing.yaml",
        "person: newcomer",
        "person: nobody",
        "- says: Somebody who has taken no step",
        "no person called nobody",
    ),
    "an example of an unknown unit": (
        "examples/accounts.yaml",
        "unit: tayside",
        "unit: moon",
        "- says: A commander pauses the division",
        "moon",
    ),
    "an example of an unknown policy": (
        "examples/standing.yaml",
        "refused_by: [2.3-nominated]",
        "refused_by: [2.3-nice]",
        "- says: Somebody who was never nominated",
        "no policy 2.3-nice",
    ),
    "an example of an unknown action": (
        "examples/standing.yaml",
        "action: compose",
        "action: dance",
        "- says: A nominated, trained",
        "no action dance",
    ),
    "an example of an unknown fact": (
        "examples/standing.yaml",
        "person: {nominated: false}",
        "person: {knighted: true}",
        "- says: Somebody who was never nominated",
        "a person has no knighted",
    ),
    "an example with a fact of the wrong type": (
        "examples/standing.yaml",
        "person: {nominated: false}",
        "person: {nominated: maybe}",
        "- says: Somebody who was never nominated",
        "nominated",
    ),
    "an example without an outcome": (
        "examples/standing.yaml",
        "    allowed: true\n",
        "",
        "- says: A nominated, trained",
        "either allowed or refused",
    ),
    "a cast without people": ("examples/cast.yaml", "people:\n", "folk:\n", None, "people"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_each_fault_is_named_with_its_file_line_and_reason(copy: Path, name: str) -> None:
    file, old, new, place, reason = SPOILED[name]
    spoil(copy, file, old, new)
    found = [fault for fault in faults_of(copy) if reason in fault.reason]
    assert found, faults_of(copy)
    if place is None:
        return
    first = place.split("\n")[0]
    assert found[0].file == file
    if "\n" in place:
        text = (copy / file).read_text()
        assert found[0].line == text[: text.index(place)].count("\n") + 1
    else:
        assert found[0].line == line_of(copy / file, first)


def test_every_fault_is_told_in_one_go(copy: Path) -> None:
    spoil(copy, "pack.yaml", "pool: 250", "pool: many")
    spoil(copy, "clauses.yaml", "kind: fact", "kind: wish")
    spoil(copy, "structure.yaml", "ordinal: 1", "ordinal: first")
    spoil(copy, "policies/standing.cedar", "principal.nominated", "principal.knighted")
    spoil(copy, "policies/content.cedar", '@owner("author")', '@owner("")')
    with pytest.raises(PackError) as refused:
        load_pack(copy)
    files = [fault.file for fault in refused.value.faults]
    assert files == sorted(files)
    assert set(files) == {
        "pack.yaml", "clauses.yaml", "structure.yaml", "policies/standing.cedar", "policies/content.cedar"
    }  # fmt: skip
    text = str(refused.value)
    assert text.startswith("The pack police-scotland was not loaded: 5 faults.\n")
    assert f"  pack.yaml:{line_of(copy / 'pack.yaml', 'pool: many')}: licences.pool: " in text


@pytest.mark.parametrize("file", ["pack.yaml", "structure.yaml", "clauses.yaml", "examples/cast.yaml"])
def test_a_missing_file_is_named(copy: Path, file: str) -> None:
    (copy / file).unlink()
    assert Fault(file, 1, "the file is missing") in faults_of(copy)


def test_a_missing_schema_or_a_pack_without_policies_is_named(copy: Path) -> None:
    (copy / "schema.cedarschema").unlink()
    shutil.rmtree(copy / "policies")
    assert [fault.file for fault in faults_of(copy)] == ["policies", "schema.cedarschema"]


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"\xff\xfe\x00", b"&a [*a]", b"[" * 5000, b"just words"])
def test_a_file_that_is_no_pack_file_is_a_fault_and_no_crash(copy: Path, content: bytes) -> None:
    (copy / "pack.yaml").write_bytes(content)
    assert {fault.file for fault in faults_of(copy)} == {"pack.yaml"}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"permit", b'permit("', b";;;", b"// only a comment\n"])
def test_a_policy_file_that_is_none_is_a_fault_or_nothing_and_no_crash(copy: Path, content: bytes) -> None:
    (copy / "policies" / "more.cedar").write_bytes(content)
    if content.startswith(b"//"):
        load_pack(copy)
        return
    assert {fault.file for fault in faults_of(copy)} == {"policies/more.cedar"}


def test_a_semicolon_in_a_comment_or_a_sentence_ends_no_policy(copy: Path) -> None:
    more = '// first; second\n@id("1.1-x")\n@clause("1.1")\n@refusal("One; two // three \\" four;")\n'
    more += '@remedy("b")\n@owner("ict")\nforbid (principal, action, resource) // not; yet\nwhen { false };\n'
    (copy / "policies" / "more.cedar").write_text(more)
    policy = next(each for each in load_pack(copy).policies if each.id == "1.1-x")
    assert (policy.refusal, policy.line) == ('One; two // three " four;', 2)


def test_a_yaml_alias_may_be_used_and_an_unknown_tag_may_not(tmp_path: Path) -> None:
    faults: list[Fault] = []
    (tmp_path / "a.yaml").write_text("a: &x {b: 1}\nc: *x\n")
    document = read_document(tmp_path, "a.yaml", faults)
    assert (document.data, faults) == ({"a": {"b": 1}, "c": {"b": 1}}, [])
    assert (document.line(("a", "b")), document.line(("c", "b"))) == (1, 2)
    (tmp_path / "b.yaml").write_text("a: 1\nb: !!python/object/apply:os.getcwd []\n")
    assert read_document(tmp_path, "b.yaml", faults).data is None
    assert [(fault.file, fault.line) for fault in faults] == [("b.yaml", 2)]


def test_an_unknown_pack_is_refused_with_the_names_of_those_there_are(tmp_path: Path) -> None:
    for name in ("nothing", str(tmp_path), "../police-scotland", ""):
        with pytest.raises(PackError, match="example-council, police-scotland"):
            find_pack(name)


def test_the_digest_covers_every_file_of_the_pack_and_nothing_else(copy: Path) -> None:
    before = pack_digest(copy)
    assert before == pack_digest(find_pack("police-scotland"))
    (copy / "notes.txt").write_text("beside the pack")
    assert pack_digest(copy) == before
    files = [path for path in copy.rglob("*") if path.suffix in {".yaml", ".cedar", ".cedarschema"}]
    assert len(files) > 10
    seen = {before}
    for path in files:
        path.write_bytes(path.read_bytes() + b"\n")
        seen.add(pack_digest(copy))
    (copy / "policies" / "zzz.cedar").write_text("// new\n")
    seen.add(pack_digest(copy))
    (copy / "policies" / "zzz.cedar").rename(copy / "policies" / "zzy.cedar")
    seen.add(pack_digest(copy))
    assert len(seen) == len(files) + 3


def test_a_pack_cannot_be_changed_once_it_is_loaded(police: Guidance) -> None:
    change: Callable[[], None] = lambda: setattr(police.pack, "version", "2")  # noqa: E731
    with pytest.raises(ValueError, match="frozen"):
        change()


def test_a_procedure_is_to_be_read_somewhere() -> None:
    about = {"key": "k", "name": "N", "version": "1", "since": date(2020, 1, 1), "grace_days": 7, "owner": "ict"}
    for nowhere in ({}, {"text": "  "}, {"url": "http://example.org"}, {"url": "https://example.org", "text": "T"}):
        with pytest.raises(ValidationError):
            Procedure.model_validate({**about, **nowhere})
    assert Procedure.model_validate({**about, "url": "https://example.org"}).asked_until == date(2020, 1, 8)
