"""What a replayed year says: a table, a sentence and a picture."""

import xml.etree.ElementTree as ElementTree

import pytest

from benchmarks import replay_report


def month(name: str, model: str, auc: float | None, trained: bool = False) -> dict[str, object]:
    promoted = "v9.9.9" if trained else None
    return {"month": name, "model": model, "auc": auc, "trained": trained, "promoted": promoted}


LIVED = {
    "never": [month("2013-04", "v0.0.1", 0.76), month("2013-05", "v0.0.1", 0.70)],
    "always": [month("2013-04", "v0.0.1", 0.76, True), month("2013-05", "v0.0.2", 0.80)],
    "policy": [month("2013-04", "v0.0.1", 0.76, True), month("2013-05", "v0.0.2", 0.79)],
}


def test_the_table_has_a_row_a_month_and_marks_new_models():
    assert replay_report.table(LIVED).splitlines() == [
        "| AUC in | never again | each month | by the policy |",
        "|---|---|---|---|",
        "| 2013-04 | 0.760 | 0.760 | 0.760 |",
        "| 2013-05 | 0.700 | **0.800** | **0.790** |",
        "| mean | 0.730 | 0.780 | 0.775 |",
        "| trainings that went live | 0 of 0 | 1 of 1 | 1 of 1 |",
    ]


def test_the_sentence_says_what_was_regained_by_how_many_trainings():
    said = replay_report.sentence(LIVED)
    assert "regains 90% of what" in said and "by 1 trainings of 1" in said


def test_the_picture_is_whole_and_a_month_without_labels_has_no_dot():
    lived = {**LIVED, "never": [LIVED["never"][0], month("2013-05", "v0.0.1", None)]}
    root = ElementTree.fromstring(replay_report.picture(lived))
    dots = [part.get("class") for part in root.iter() if part.tag.endswith("circle")]
    assert dots.count("never dot") == 1 and dots.count("policy dot") == 2


def test_the_readme_keeps_what_stands_around(tmp_path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{replay_report.BEGIN}\nthe last time\n{replay_report.END}\nafter\n")
    monkeypatch.setattr(replay_report, "README", page)
    monkeypatch.setattr(replay_report, "PICTURE", tmp_path / "replay.svg")
    replay_report.write(LIVED)
    held = page.read_text()
    assert held.startswith("before\n") and held.endswith("after\n")
    assert "the last time" not in held and "| 2013-05 |" in held
