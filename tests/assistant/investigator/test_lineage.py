"""What changed since the last good run: causes apart from what follows from them."""

import pytest
from assistant_evidence import GOOD, NOW, stage

from include.assistant.investigator.evidence import Run, Stage
from include.assistant.investigator.lineage import changes, kind_of, placed, stages_of

ENV = "environments/steps.txt"
REPORT = {"reports/watch.json"}


def pipeline(
    raw: str = "r", code: str = "c", env: str = "e", lead: str = "2", pages: str = "p"
) -> dict[str, Stage]:
    """Rows, features of them, a report of these, and pages that lead to no report."""
    features = f"f{raw}{code}{env}{lead}"
    return {
        "ingest": stage("data/raw", raw, **{"src/ingest.py": "i"}),
        "build": stage(
            "data/features",
            features,
            **{"data/raw": raw, "src/build.py": code, ENV: env, "LEAD": lead},
        ),
        "watch": stage(
            "reports/watch.json", f"w{features}", **{"data/features": features, "src/watch.py": "w"}
        ),
        "draw": stage("pages", f"d{raw}{pages}", **{"data/raw": raw, "src/pages.py": pages}),
    }


def told(now: dict[str, Stage], good: dict[str, Stage]) -> list[tuple[str, str, str, bool, bool]]:
    runs = Run(name=NOW, stages=now), Run(name=GOOD, stages=good), None
    return [(c.stage, c.kind, c.name, c.root, c.upstream) for c in changes(*runs, REPORT, "")]


@pytest.mark.parametrize(
    ("now", "kind", "name"),
    [
        ({"code": "new"}, "code", "src/build.py"),
        ({"env": "new"}, "environment", ENV),
        ({"lead": "3"}, "params", "lead"),
    ],
    ids=["code", "environment", "setting"],
)
def test_a_change_comes_before_what_follows_from_it(now, kind, name):
    assert told(pipeline(**now), pipeline()) == [
        ("build", kind, name, True, True),
        ("watch", "data", "data/features", False, False),
    ]


@pytest.mark.parametrize(
    ("name", "was", "now", "check"),
    [
        ("watch.limits.auc_min", "0.5", "0.6", "auc"),
        ("p.yaml:group_gap_max", "0.2", "0.1", "group_gap"),
        ("watch.limits.auc_min", "0.6", "0.5", ""),
        ("watch.limits.auc", "0.5", "0.6", ""),
        ("watch.limits.auc_min", "null", "0.6", ""),
    ],
    ids=["at least more", "at most less", "wider", "no limit", "none before"],
)
def test_a_setting_of_the_report_that_makes_a_limit_narrower_names_the_check(name, was, now, check):
    def run(text: str, **outs: str) -> Run:
        outs = outs or {"reports/watch.json": text}
        return Run(name=NOW, stages={"watch": Stage(params={name: text}, outs=outs)})

    [found] = changes(run(now), run(was), None, REPORT, "")
    assert (found.tightens, found.telling) == (check, False)
    [other] = changes(run(now, pages="a"), run(was, pages="a"), None, REPORT, "")
    assert other.tightens == ""


def test_new_rows_of_a_source_of_which_nothing_changed_are_a_cause():
    assert told(pipeline(raw="new"), pipeline()) == [
        ("build", "data", "data/raw", True, True),
        ("ingest", "data", "data/raw", True, True),
        ("draw", "data", "data/raw", True, False),
        ("watch", "data", "data/features", False, False),
    ]


def test_what_leads_to_no_report_is_not_upstream():
    assert told(pipeline(pages="new"), pipeline()) == [
        ("draw", "code", "src/pages.py", True, False)
    ]


def test_nothing_changed():
    assert told(pipeline(), pipeline()) == []


def test_what_changed_the_time_before_as_well_is_usual_unless_it_is_code():
    before, good, now = (
        Run(name=name, stages=pipeline(raw=each, lead=each, code=each))
        for name, each in (("a", "1"), (GOOD, "2"), (NOW, "3"))
    )
    found = [
        (one.kind, one.name, one.usual)
        for one in changes(now, good, before, REPORT, "")
        if one.stage == "build"
    ]
    assert found == [
        ("code", "src/build.py", False),
        ("params", "lead", True),
        ("data", "data/raw", True),
    ]
    said = next(one.said for one in changes(now, good, before, REPORT, "") if one.name == "lead")
    assert (
        said == "Of the stage build, the setting lead was 2, and is 3. So it does from run to run."
    )


def test_a_change_says_what_was_and_what_is():
    runs = Run(name=NOW, stages=pipeline(lead="3")), Run(name=GOOD, stages=pipeline()), None
    first = changes(*runs, REPORT, "")[0]
    assert (first.id, first.said) == (
        "change:build:params:lead",
        "Of the stage build, the setting lead was 2, and is 3.",
    )


def test_a_lockfile_of_a_folder_has_paths_from_the_root_and_names_as_dvc_has_them():
    lock = {
        "stages": {
            "parse": {
                "cmd": "python  -m parse",
                "deps": [
                    {"path": "../errors.py", "md5": "1"},
                    {"path": "data/docs", "md5": "2.dir"},
                ],
                "params": {"params.yaml": {"parse": {"tokens": 200, "by": {"heading": True}}}},
                "outs": [{"path": "data/parsed", "md5": "3.dir"}],
            }
        }
    }
    found = stages_of({"include/assistant": lock, "": {"stages": {"train": {"cmd": "t"}}}})
    assert list(found) == ["train", "include/assistant/dvc.yaml:parse"]
    parse = found["include/assistant/dvc.yaml:parse"]
    assert parse == Stage(
        command="python -m parse",
        deps={"include/errors.py": "1", "include/assistant/data/docs": "2.dir"},
        params={
            "include/assistant/params.yaml:parse.by.heading": "true",
            "include/assistant/params.yaml:parse.tokens": "200",
        },
        outs={"include/assistant/data/parsed": "3.dir"},
    )


@pytest.mark.parametrize("lock", [None, [], {"stages": None}], ids=["none", "a list", "no stages"])
def test_a_damaged_lockfile_has_no_stages(lock):
    assert stages_of({"": lock}) == {}


def test_paths_do_not_leave_the_root():
    assert placed("../../../x", "include/assistant") == "x"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("uv.lock", "environment"),
        ("src/requirements-dev.txt", "environment"),
        ("names.csv", "data"),
        ("src", "code"),
    ],
)
def test_what_a_dep_is_is_told_by_its_name(path, kind):
    assert kind_of(path, {}) == kind


def test_a_lockfile_that_is_none_of_dvc_holds_no_stage_or_an_empty_one():
    odd = {
        "a": [1],
        "b": {"params": [1], "deps": {"x": 1}, "outs": [1, {"path": 5}]},
        7: {"cmd": 1},
    }
    found = stages_of({"": {"stages": odd}, "x": {"stages": [1]}, "y": 3})
    assert {name: (one.command, one.outs) for name, one in found.items()} == {
        "a": ("", {}),
        "b": ("", {"5": ""}),
        "7": ("1", {}),
    }
