"""Anybody can count again: with the command, and with two files and a bare Python."""

import json
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from readinggroup.proposals.counting import count, main
from readinggroup.proposals.models import Ballot, BallotState, receipt_of

from ..thoroughness import thoroughly
from .counted import closed_ballot, receipts
from .profiles import profile

PAPERS = receipts({"ranks": {"1": 1, "2": 2}, "reason": "“Short”, ſays Ænne"}, {"ranks": {"3": 1}}, {"abstains": True})


def taken_along(ballot, as_user, folder):
    """Both files, as somebody saves them."""
    for name, file in (("papers", "ballot.json"), ("recount_script", "recount.py")):
        answer = as_user(None).get(reverse(f"proposals:{name}", args=[ballot.group.slug, ballot.public_id]))
        assert answer.status_code == 200
        (folder / file).write_bytes(answer.content)
    return folder


def run(folder, *arguments):
    """A Python that knows nothing of the site nor of any package."""
    command = [sys.executable, "-I", "-S", "-W", "error", "recount.py", *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, encoding="utf-8", check=False)


def test_two_files_and_a_bare_python_are_enough(house, as_user, tmp_path):
    ballot = closed_ballot(house, papers=PAPERS, method="ranking", question="Was lesen wir „im Jänner“?")
    done = run(taken_along(ballot, as_user, tmp_path), "ballot.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Was lesen wir „im Jänner“?" in done.stdout
    assert "5 may vote; 3 papers, 1 of them abstain." in done.stdout
    assert done.stdout.endswith("The published result is the same.\n")


@pytest.mark.parametrize("change", ["paper", "winner", "supporters"])
def test_whoever_changes_a_paper_or_the_result_is_found_out(house, as_user, tmp_path, change):
    ballot = closed_ballot(house, papers=receipts({"named": [1]}, {"named": [2]}))
    folder = taken_along(ballot, as_user, tmp_path)
    document = json.loads((folder / "ballot.json").read_text(encoding="utf-8"))
    if change == "paper":
        document["papers"]["0000000000000002"] = {"named": [3]}
    elif change == "winner":
        document["result"]["winners"] = [3]
    else:
        document["options"][2 - document["result"]["winners"][0]]["supporters"] = 9
    (folder / "ballot.json").write_text(json.dumps(document), encoding="utf-8")
    done = run(folder, "ballot.json")
    assert done.returncode == 1
    assert done.stdout.endswith("THE PUBLISHED RESULT IS ANOTHER ONE.\n")


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b'{"ballot": {"method": "x"}}', b"1", None])
def test_what_is_no_ballot_is_said_to_be_none(tmp_path, capsys, content):
    file = tmp_path / "ballot.json"
    if content is not None:
        file.write_bytes(content)
    assert main([str(file)]) == 2
    assert "is not a published ballot" in capsys.readouterr().err


def test_a_voter_finds_their_paper_by_receipt_or_key_without_asking_the_site(tmp_path, capsysbinary):
    key = "00112233445566778899aabbccddeeff"
    given = {"method": "choice", "options": [{"number": 1, "title": "A", "supporters": 0}], "electors": 1, "quorum": 0}
    papers = {receipt_of(key): {"named": [1], "reason": "“So.”"}}
    ballot = {"question": "?", "method": "choice", "quorum": 0, "seats": 1}
    document = {"ballot": ballot, "options": given["options"], "papers": papers, "electors": 1}
    file = tmp_path / "ballot.json"
    file.write_text(json.dumps({**document, "result": count(papers=papers, **given)}), encoding="utf-8")
    for secret, told in (
        (key, "The paper under f5"),
        (receipt_of(key), '{"named": [1], "reason": "“So.”"}'),
        ("0" * 16, "there is none"),
        ("0" * 32, "there is none"),
        ("none of these", "neither a receipt nor a key"),
        ("", "there is none"),
    ):
        assert main([str(file), secret]) == 0
        assert told.replace("f5", receipt_of(key)) in capsysbinary.readouterr().out.decode(), secret


def test_without_a_file_it_says_how_it_is_called(capsys):
    assert main([]) == 2
    assert "python3 recount.py ballot.json" in capsys.readouterr().err


def test_what_it_counts_is_what_was_published_of_ballots_of_all_kinds(tmp_path, capsysbinary):
    for number in range(thoroughly(300, 60)):
        given = profile(number)
        options = [{"title": f"Option {one['number']}", **one} for one in given["options"]]
        ballot = {"question": "?", **{name: given[name] for name in ("method", "quorum", "seats")}}
        document = {"ballot": ballot, "options": options, "papers": given["papers"], "electors": given["electors"]}
        file = tmp_path / "ballot.json"
        file.write_text(json.dumps({**document, "result": count(**given)}), encoding="utf-8")
        assert main([str(file)]) == 0, number
    capsysbinary.readouterr()


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_counts_from_the_box_and_says_that_it_is_the_same(house, capsys, tmp_path):
    ballot = closed_ballot(house, papers=PAPERS, method="ranking")
    call_command("recount", ballot.public_id, json=tmp_path / "ballot.json")
    said = capsys.readouterr().out
    assert "On 1 papers: 3. Option 3" in said
    assert said.endswith("The published result is the same.\n")
    assert main([str(tmp_path / "ballot.json")]) == 0


def test_the_command_finds_a_result_that_is_not_that_of_the_papers(house, capsys):
    ballot = closed_ballot(house, papers=receipts({"named": [1]}), is_counted=False)
    result = count(
        "approval", [{"number": n, "supporters": 0, "proposed_at": ""} for n in (1, 2, 3)], {}, electors=5, quorum=0
    )
    Ballot.objects.filter(pk=ballot.pk).update(result=result)
    with pytest.raises(CommandError, match="another one") as trouble:
        call_command("recount", ballot.public_id)
    assert trouble.value.returncode == 1
    assert "Chosen: 1. Option 1" in capsys.readouterr().out


@pytest.mark.parametrize("state", [BallotState.ANNOUNCED, BallotState.OPEN, BallotState.VOID, BallotState.CLOSED])
def test_the_command_tells_nothing_of_a_ballot_that_is_not_counted(house, capsys, state):
    opened = {"opened_at": None} if state == BallotState.ANNOUNCED else {}
    ballot = closed_ballot(house, papers=receipts({"named": [2]}), state=state, is_counted=False, **opened)
    with pytest.raises(CommandError):
        call_command("recount", ballot.public_id)
    assert "2" not in capsys.readouterr().out


def test_the_command_knows_when_there_is_no_such_ballot(db):
    with pytest.raises(CommandError, match="There is no ballot"):
        call_command("recount", "nothing")


def test_the_command_says_when_its_file_cannot_be_written(house, tmp_path):
    ballot = closed_ballot(house, papers=PAPERS, method="ranking")
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("recount", ballot.public_id, json=tmp_path / "no-such-folder" / "ballot.json")
