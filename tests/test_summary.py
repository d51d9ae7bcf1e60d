"""The summary says what was found, and where to look."""

import json

from include import summary


def test_shows_both_models_the_test_period_and_the_reports(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for folder in ("metrics", "reports"):
        (tmp_path / folder).mkdir()
    for model, auc in (("xgboost", 0.75), ("torch", 0.5)):
        held = {"validation": {"auc": auc}, "train": {"auc": 1.0}}
        (tmp_path / f"metrics/{model}.json").write_text(json.dumps(held))
    (tmp_path / "metrics/evaluation.json").write_text('{"auc": 0.77096, "rows": 3}')
    (tmp_path / "reports/drift.html").write_text("")
    assert summary.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "",
        "Validation period",
        "  xgboost   auc 0.7500",
        "  torch     auc 0.5000",
        "",
        "Test period",
        "  auc: 0.7710",
        "  rows: 3",
        "",
        "Results",
        f"  drift         {tmp_path}/reports/drift.html",
    ]


def test_before_the_first_run_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert summary.main() == 1
    assert capsys.readouterr().err == (
        "summary: metrics/xgboost.json does not exist.\n  Next: run `make repro`, which makes it.\n"
    )
