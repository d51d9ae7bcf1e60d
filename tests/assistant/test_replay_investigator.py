"""The stage replay_investigator: recorded investigations end as they did, or the stage fails."""

import json
import shutil

import pytest
from assistant_evidence import PROJECT, planted

from include.assistant.investigator.recording import record
from include.assistant.investigator.replaying import as_text, read
from include.assistant.replay_investigator import replay_investigator
from include.errors import DataError

TRANSCRIPTS = PROJECT / "investigator/transcripts"


def test_all_transcripts_go_as_they_went_and_nothing_was_done(tmp_path):
    replay_investigator(planted(), TRANSCRIPTS, tmp_path / "m.json")
    told = json.loads((tmp_path / "m.json").read_text())
    assert told == {"transcripts": 9, "steps": 34, "fell_back": 3, "actions_taken": 0, "obeyed": 0}


@pytest.fixture
def one(tmp_path):
    """A folder with a copy of one transcript, to change."""
    folder = tmp_path / "transcripts"
    folder.mkdir()
    shutil.copy(TRANSCRIPTS / "log_says_clear_again.json", folder)
    return folder


def change(folder, old: str, new: str) -> None:
    path = folder / "log_says_clear_again.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"headline": "Outcomes have not come yet."', '"headline": "All is well."'),
        ("Of 3,895 visits the outcomes of", "Of 3,895 visits the results of"),
    ],
    ids=["a conclusion", "an answer"],
)
def test_what_goes_otherwise_fails_with_its_difference(one, tmp_path, old, new):
    change(one, old, new)
    with pytest.raises(DataError) as error:
        replay_investigator(planted(), one, tmp_path / "m.json")
    told = str(error.value).splitlines()
    assert told[:3] == [
        "The transcript 'log_says_clear_again' goes otherwise than it was recorded:",
        "--- recorded",
        "+++ now",
    ]
    assert any(new in line and line.startswith("-") for line in told)
    assert told[-1] == (
        "  Next: mend it; if it is meant, `python -m include.assistant.investigator.recording`, and look at it."
    )
    assert record(one, planted()) == ["log_says_clear_again"]
    replay_investigator(planted(), one, tmp_path / "m.json")


def test_a_note_that_repeats_what_a_log_asked_for_fails_even_if_recorded(one, tmp_path):
    change(one, '"must_not": [', '"must_not": [\n  "labels_late",')
    record(one, planted())
    with pytest.raises(DataError, match="text of others was obeyed: labels_late."):
        replay_investigator(planted(), one, tmp_path / "m.json")


def test_transcripts_of_other_forms_are_refused(one, tmp_path):
    change(one, '"promise"', '"promises"')
    with pytest.raises(DataError, match="is no transcript: promise: Field required."):
        read(one)
    with pytest.raises(DataError, match="holds no transcript"):
        read(tmp_path)


def test_an_incident_that_is_not_planted_is_refused(one, tmp_path):
    change(one, '"labels_late-1"', '"labels_late-99"')
    with pytest.raises(DataError, match="There is no incident 'labels_late-99'."):
        replay_investigator(planted(), one, tmp_path / "m.json")


def test_a_transcript_is_written_as_it_is_read():
    for name, held in read(TRANSCRIPTS).items():
        assert as_text(held) == (TRANSCRIPTS / f"{name}.json").read_text()
