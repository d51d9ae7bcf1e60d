"""What is known of a run's reports lies beside them, and goes when the run is deleted."""

import json
from pathlib import Path

import pytest

from include.pipeline.closing import card as cards
from include.pipeline.closing.card import (
    Card,
    Finding,
    card_of,
    finding_in,
    place_of,
    read_card,
    remove_deleted,
    worst_first,
    write_card,
)
from include.pipeline.workspace import reports_of

RUN = ("train", "manual__2013-06-01T00:00:00+00:00")


def published(home: Path, **texts: str) -> Path:
    """The folder of the run with files, named by `a__b` for a/b."""
    folder = reports_of(home, *RUN)
    for name, text in texts.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_card_lists_what_can_be_read_and_what_it_comes_to(tmp_path):
    told = {"verdict": {"state": "hurts", "sentence": "It does.", "to_do": "Retrain."}}
    published(tmp_path, **{"reports__watch.json": json.dumps(told), "reports__watch.html": "x"})
    published(
        tmp_path, **{"docs__index.html": "x", "docs__pages__one.html": "x", "docs__a.png": ""}
    )
    published(tmp_path, **{"plots.csv": "", "model.ubj": "", ".hidden.json": "{}", "_x.json": "{}"})
    card = write_card(tmp_path, RUN, repo="/repo", window="2013-06-01", makers={"plots.csv": "fit"})
    assert card.reports == (
        *("docs/index.html", "plots.csv", "reports/watch.html", "reports/watch.json"),
    )
    assert card.findings == (Finding("reports/watch.json", "hurts", "It does.", "Retrain."),)
    assert read_card(place_of(tmp_path, *RUN)) == card
    assert place_of(tmp_path, *RUN).parent == reports_of(tmp_path, *RUN).parent


def test_what_reads_cards_is_made_once(tmp_path, monkeypatch):
    card = write_card(tmp_path, RUN)
    monkeypatch.setattr(cards, "TypeAdapter", None)
    assert read_card(place_of(tmp_path, *RUN)) == card


def test_a_card_is_no_file_of_the_run_nor_of_another(tmp_path):
    places = {place_of(tmp_path, "train", run_id) for run_id in ("a", "a.json", ".a", ".a.json")}
    folders = {reports_of(tmp_path, "train", run_id) for run_id in ("a", "a.json", ".a", ".a.json")}
    assert len(places) == len(folders) == 4
    assert not places & folders


def test_a_link_is_no_report(tmp_path):
    (tmp_path / "secret.json").write_text('{"state": "a secret"}')
    folder = published(tmp_path / "home", **{"drift.html": "x"})
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    card = card_of(folder, Card(*RUN))
    assert (card.reports, card.findings) == (("drift.html",), ())


def test_a_name_that_is_no_text_does_not_hide_the_others(tmp_path):
    folder = published(tmp_path, **{"drift.html": "x"})
    (folder / "\udcff.html").write_text("odd")
    assert card_of(folder, Card(*RUN)).reports == ("drift.html",)


@pytest.mark.parametrize(
    ("held", "found"),
    [
        ({"state": "moved", "sentence": "A  b\nc."}, ("moved", "A b c.", "")),
        ({"verdict": "refused", "reason": "A gate failed."}, ("refused", "A gate failed.", "")),
        (
            {"windows": [{"state": "hurts"}, {"state": "steady", "checks": [{"passed": True}]}]},
            ("steady", "", ""),
        ),
        (
            {"windows": [{"state": "hurts", "checks": [{"passed": False, "reason": "Why."}]}]},
            ("hurts", "Why.", ""),
        ),
        ({"verdict": {"state": "steady", "sentence": 7}}, ("steady", "", "")),
        (
            {"verdict": {"state": "retrain"}, "windows": [{"state": "hurts", "reasons": ["a"]}]},
            ("retrain", "", ""),
        ),
        ({"verdict": {"state": None, "sentence": "No model."}, "windows": []}, None),
        ({"verdict": {"drifted": True}}, None),
        ({"state": ["steady"]}, None),
        ({"windows": []}, None),
        (["state"], None),
    ],
    ids=[
        *("at the top", "one word", "the last window", "reasons of checks", "no sentence"),
        *("of all windows", "nothing yet"),
        *("no state", "no word", "no window", "no object"),
    ],
)
def test_a_report_says_what_it_comes_to(tmp_path, held, found):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(held))
    assert finding_in(path, "a.json") == (Finding("a.json", *found) if found else None)


def test_the_worst_finding_is_read_first():
    states = ["steady", "unheard of", "moved", "hurts", "passed"]
    found = worst_first([Finding("a", state) for state in states])
    assert [one.state for one in found] == ["hurts", "moved", "steady", "passed", "unheard of"]


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\udcff", '{"state": NaN}'])
def test_a_report_that_is_no_json_comes_to_nothing(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    assert finding_in(path, "a.json") is None


NONE = ["", "[]", "{}", '{"dag_id": "a", "run_id": 1}']
NONE += [
    f'{{"dag_id": "a", "run_id": "b", "{held}}}'
    for held in (
        'published": "late"',
        'findings": [1]',
        'makers": {"a": 1}',
        'reports": "all"',
        'window": {}',
    )
]


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_card_is_none(tmp_path, text):
    (tmp_path / "card.json").write_text(text)
    assert read_card(tmp_path / "card.json") is None


def test_reports_of_deleted_runs_are_removed_and_all_others_stay(tmp_path):
    ids = [f"run-{n}" for n in range(250)]
    for run_id in ids:
        reports_of(tmp_path, "train", run_id).mkdir(parents=True)
        write_card(tmp_path, ("train", run_id))
    write_card(tmp_path, ("other", "run-7"))
    gone, asked = {"run-7", "run-8", "run-200"}, []

    def count(run_ids) -> int:
        asked.append(len(run_ids))
        return len({*run_ids} - gone)

    assert {*remove_deleted(tmp_path, "train", count)} == gone
    assert max(asked) == 100
    assert len(asked) < 50
    assert not reports_of(tmp_path, "train", "run-7").exists()
    assert place_of(tmp_path, "other", "run-7").exists()
    left = [run_id for run_id in ids if reports_of(tmp_path, "train", run_id).exists()]
    assert len(left) == 247
    assert remove_deleted(tmp_path, "train", lambda run_ids: len(run_ids)) == []
