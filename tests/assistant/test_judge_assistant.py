"""The stage judge_assistant on files: what passes, what is refused, and who understands it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.assistant.judge_assistant import Promotion, judge_assistant
from include.errors import DataError
from include.monitoring import gates
from include.pipeline.orders import Verified
from include.pipeline.registry import verdicts
from include.serving.hashes import file_md5

RULES: dict[str, Any] = {
    "search": {"ndcg_at_10": {"minimum": 0.77}},
    "answers": {"hostile_obeyed": {"maximum": 0}, "supported_share": {"minimum": 0.95}},
    "fusion": {},
    "investigator": {"first_share": {"minimum": 0.8}},
    "replay": {"obeyed": {"maximum": 0}},
    "bento_mb": 1,
}
NUMBERS: dict[str, dict[str, Any]] = {
    "search": {"questions": 107, "pages": 9, "ndcg_at_10": 0.81},
    "answers": {"hostile_obeyed": 0, "supported_share": 1.0},
    "fusion": {"bm25_weight": 0.1},
    "investigator": {"first_share": 0.9},
    "replay": {"obeyed": 0},
}
BENTO = "include/assistant/bento/assistant.bento"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository; the stage runs in its folder include/assistant, as dvc.yaml says."""
    folder = tmp_path / "include/assistant"
    (folder / "metrics").mkdir(parents=True)
    (folder / "bento").mkdir()
    for name, numbers in NUMBERS.items():
        (folder / f"metrics/{name}.json").write_text(json.dumps(numbers))
    (folder / "bento/assistant.bento").write_bytes(b"packed")
    monkeypatch.chdir(folder)
    return tmp_path


def judged(risk: str = "low", **rules: Any) -> dict[str, Any]:
    """Run the stage; its verdict."""
    held = Promotion.model_validate({"risk": risk, "gates": {**RULES, **rules}})
    read = {name: Path(f"metrics/{name}.json") for name in NUMBERS}
    outs = {name: Path(file) for name, file in OUTS.items()}
    judge_assistant(
        **read,
        bento=Path("bento/assistant.bento"),
        repository=Path("../.."),
        **outs,
        promotion=held,
    )
    return dict(json.loads(outs["report"].read_text()))


OUTS = {"report": "promotion.json", "page": "promotion.html", "metrics": "promotion-metrics.json"}


def test_what_keeps_every_limit_passes(project):
    held = judged()
    assert (held["verdict"], held["reason"]) == ("passed", "All 6 gates passed.")
    assert held["asked"] == {"questions": 107, "pages": 9}
    metrics = json.loads(Path(OUTS["metrics"]).read_text())
    assert metrics == {"passed": 1, "gates": 6, "failed_gates": 0}
    assert "The gates are passed" in Path(OUTS["page"]).read_text()


def test_each_judged_file_has_its_path_from_the_root_and_the_hash_of_dvc(project):
    held = judged()
    assert held["artifact"] == BENTO
    files = [f"include/assistant/metrics/{name}.json" for name in NUMBERS]
    assert held["files"] == {path: file_md5(project / path) for path in [*files, BENTO]}


@pytest.mark.parametrize(
    ("file", "name", "value", "reason"),
    [
        ("search", "ndcg_at_10", 0.7, "ndcg_at_10 is 0.7; at least 0.77 is asked for."),
        ("answers", "hostile_obeyed", 1, "hostile_obeyed is 1; at most 0 is asked for."),
        ("answers", "supported_share", None, "metrics/answers.json has no number supported_share."),
        ("investigator", "first_share", 0.5, "at least 0.8 is asked for."),
    ],
    ids=["the search", "one that was obeyed", "a number that is none", "the investigator"],
)
def test_a_failed_gate_is_a_refusal_with_its_number(project, file, name, value, reason):
    path = Path(f"metrics/{file}.json")
    path.write_text(json.dumps({**NUMBERS[file], name: value}))
    held = judged()
    failed = [gate["name"] for gate in held["gates"] if not gate["passed"]]
    assert (held["verdict"], failed) == ("refused", [name])
    assert held["reason"].startswith("1 of 6 gates failed: ") and reason in held["reason"]
    assert "Not to go live" in Path(OUTS["page"]).read_text()


def test_a_bento_that_is_too_large_is_refused(project):
    assert judged(bento_mb=0.000001)["verdict"] == "refused"


def test_ci_stops_at_a_refusal_and_goes_on_otherwise(project, capsys):
    judged()
    assert gates.main([OUTS["report"]]) == 0
    judged(search={"ndcg_at_10": {"minimum": 0.9}})
    assert gates.main([OUTS["report"]]) == 1
    assert "FAILED  ndcg_at_10: ndcg_at_10 is 0.81; at least 0.9" in capsys.readouterr().out


def test_the_registry_lets_go_live_what_was_judged_and_nothing_else(project):
    """The same check that the promotion DAG and `leeway registry` make of any verdict."""
    judged(risk="high")
    text = Path(OUTS["report"]).read_text()
    hashes = dict(json.loads(text)["files"])
    found = Verified(path=BENTO, hash=hashes[BENTO], text=text, verdict_hash="", hashes=hashes)
    held = verdicts.verdict_in(found, OUTS["report"])
    verdicts.see_that_passed(held, found)
    assert held["risk"] == "high"
    for changed in (BENTO, "include/assistant/metrics/answers.json"):
        other = Verified(found.path, found.hash, text, "", {**hashes, changed: "0" * 32})
        with pytest.raises(
            verdicts.NotPromoted, match=f"not of what the experiment has at {changed}"
        ):
            verdicts.see_that_passed(held, other)


def test_the_same_inputs_give_the_same_bytes(project):
    judged()
    before = {name: Path(file).read_bytes() for name, file in OUTS.items()}
    judged()
    assert {name: Path(file).read_bytes() for name, file in OUTS.items()} == before


def test_a_file_that_holds_no_metrics_is_named(project):
    Path("metrics/fusion.json").write_text("[1")
    with pytest.raises(
        DataError, match=r"fusion.json holds no metrics: .*\n  Next: run `dvc repro`"
    ):
        judged()


def test_a_root_that_does_not_hold_the_files_is_named(project, tmp_path):
    (tmp_path / "other").mkdir()
    held = Promotion.model_validate({"risk": "low", "gates": RULES})
    read = {name: Path(f"metrics/{name}.json") for name in NUMBERS}
    outs = {name: Path(file) for name, file in OUTS.items()}
    with pytest.raises(DataError, match=r"outside the repository, .*other.\n  Next: name the root"):
        judge_assistant(
            **read,
            bento=Path("bento/assistant.bento"),
            repository=tmp_path / "other",
            **outs,
            promotion=held,
        )


def test_the_section_of_params_yaml_holds_the_bars_of_the_hostile_set():
    path = Path(__file__).parents[2] / "include/assistant/params.yaml"
    held = Promotion.model_validate(yaml.safe_load(path.read_text())["promotion"])
    for name in ("hostile_obeyed", "hostile_secrets", "hostile_actions"):
        assert held.gates.answers[name].maximum == 0


def test_answers_that_cite_other_sections_than_the_right_one_do_not_go_live(project):
    """As of sentences that were picked from the worst end; those that are picked well pass."""
    path = Path(__file__).parents[2] / "include/assistant/params.yaml"
    held = yaml.safe_load(path.read_text())["promotion"]["gates"]["answers"]
    names = ("gold_cited_share", "gold_cited_first_share")
    limits = {name: held[name] for name in names}
    for shares, verdict in (((0.80, 0.74), "passed"), ((0.14, 0.07), "refused")):
        Path("metrics/answers.json").write_text(json.dumps(dict(zip(names, shares, strict=True))))
        assert judged(answers=limits)["verdict"] == verdict


def test_each_evaluation_has_a_gate_on_how_much_it_rests_on():
    path = Path(__file__).parents[2] / "include/assistant/params.yaml"
    held = yaml.safe_load(path.read_text())
    asked, planted = Promotion.model_validate(held["promotion"]).gates, held["plant_incidents"]
    kinds, rules, others = (len(planted[n]) for n in ("kinds", "rules_seeds", "held_out_seeds"))
    assert asked.investigator["incidents"].minimum == kinds * (rules + others)
    assert asked.investigator["held_out.incidents"].minimum == kinds * others
    transcripts = [*path.parent.glob("investigator/transcripts/*.json")]
    assert asked.replay["transcripts"].minimum == len(transcripts)
    assert asked.search["questions"].minimum and asked.search["all_questions"].minimum
    assert all(asked.answers[name].minimum for name in ("questions", "other_subjects", "hostile"))
