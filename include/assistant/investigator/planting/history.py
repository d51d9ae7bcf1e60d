"""The runs of a world: their lineage, their verdicts, and what their tasks said."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from include.assistant.investigator.evidence import Run, Stage
from include.assistant.investigator.planting.faults import Fault
from include.assistant.investigator.planting.world import World
from include.monitoring import watch_report
from include.monitoring.watch_verdict import Judged

DAG = "rows_watch"
CODE = {
    "ingest_rows": ("src/ingest.py",),
    "build_features": ("src/encode.py", "src/join.py", "src/clean.py"),
    "train_model": ("src/train.py",),
    "score_rows": ("src/score.py", "src/encode.py", "src/join.py", "src/clean.py"),
    "watch_rows": ("src/watch.py",),
    "draw_pages": ("src/pages.py",),
}
READS = {
    "ingest_rows": (),
    "build_features": ("data/raw",),
    "train_model": ("data/features",),
    "score_rows": ("data/features", "models/live"),
    "watch_rows": ("data/features", "data/scores"),
    "draw_pages": ("data/raw",),
}
MAKES = {
    "ingest_rows": "data/raw",
    "build_features": "data/features",
    "train_model": "models/live",
    "score_rows": "data/scores",
    "watch_rows": "reports/watch.json",
    "draw_pages": "reports/pages.html",
}
PARAMS = {
    "build_features": {"label.after_min": "15", "build_features.lead_h": "2"},
    "train_model": {"train_model.depth": "6", "train_model.seed": "7"},
    "draw_pages": {"draw_pages.colours": '"plain"'},
}
# Changes that have nothing to do with the fault: most lead to no report, some could have.
HARMLESS = (
    ("draw_pages", "code", "src/pages.py"),
    ("draw_pages", "params", "draw_pages.colours"),
    ("draw_pages", "environment", "environments/steps.txt"),
    ("watch_rows", "code", "src/watch.py"),
    ("build_features", "code", "src/join.py"),
    ("train_model", "params", "train_model.seed"),
)


@dataclass(frozen=True)
class Told:
    """What the runs of a world leave behind.

    Args:
        first: place of the first window that the fault befell.
        problem: the error that the newest run ended with; empty if it did not.
    """

    world: World
    fault: Fault
    first: int
    judged: Sequence[Judged]
    problem: str
    draw: np.random.Generator

    @cached_property
    def edits(self) -> dict[int, list[tuple[str, str, str]]]:
        """What changed in the lineage, by the place of the window from which on."""
        found: dict[int, list[tuple[str, str, str]]] = {}
        if self.fault.edit:
            found[self.first] = [self.fault.edit]
        if self.draw.random() < 0.4:
            chosen = HARMLESS[int(self.draw.integers(len(HARMLESS)))]
            place = self.first if self.draw.random() < 0.7 else 2
            found[place] = [*found.get(place, []), chosen]
        return found

    @cached_property
    def runs(self) -> list[Run]:
        """The runs, one a window, the newest first."""
        runs = [self.run(place) for place in range(self.world.windows)]
        return runs[::-1]

    def run(self, place: int) -> Run:
        """The run of a window."""
        window, failed = self.world.window(place), place >= len(self.judged)
        held = self.judged[: place + 1]
        verdict = watch_report.content(held, "")["verdict"]
        numbers = {} if failed else watch_report.numbers(held)
        return Run(
            name=f"{DAG}.scheduled__{window.end}T000000+0000",
            dag_id=DAG,
            run_id=f"scheduled__{window.end}T00:00:00+00:00",
            opened=f"{window.end}T00:00:00+00:00",
            state="failed" if failed else "closed",
            verdict="" if failed else str(verdict["state"]),
            sentence="" if failed else str(verdict["sentence"]),
            metrics={f"metrics/watch.json:{k}": v for k, v in numbers.items() if v is not None},
            stages=self.stages(place),
        )

    def stages(self, place: int) -> dict[str, Stage]:
        """The lineage of the run of a window."""
        edits = [edit for since, held in self.edits.items() if since <= place for edit in held]
        found: dict[str, Stage] = {}
        for stage, code in CODE.items():
            deps = {path: digest(path, edited(edits, path)) for path in code}
            deps["environments/steps.txt"] = digest("e", edited_of(edits, stage))
            deps |= {path: made(found, path) for path in READS[stage]}
            params = {
                name: "30" if edited(edits, name) else value
                for name, value in PARAMS.get(stage, {}).items()
            }
            if stage in ("ingest_rows", "watch_rows"):  # as each run has another one
                params["window.end"] = f'"{self.world.window(place).end}"'
            fresh = str(place) if stage == "ingest_rows" else ""
            outs = {MAKES[stage]: digest(stage, *deps.values(), *params.values(), fresh)}
            if stage == "train_model":  # the live model stays
                outs = {MAKES[stage]: digest(stage, "live")}
            found[stage] = Stage(
                command=f"python -m src.{stage}", deps=deps, params=params, outs=outs
            )
        return found

    @property
    def logs(self) -> dict[str, dict[str, str]]:
        """What the tasks of the newest run said."""
        newest = self.runs[0]
        said = {stage: chatter(stage, self.draw) for stage in CODE}
        if self.problem:
            said["watch_rows"] = f"{said['watch_rows']}ERROR {self.problem}\n"
            said.pop("draw_pages")
        return {newest.name: said}


def edited(edits: Sequence[tuple[str, str, str]], name: str) -> str:
    """Whether something was changed, as a text to hash."""
    return "new" if any(edit[2] == name for edit in edits) else ""


def edited_of(edits: Sequence[tuple[str, str, str]], stage: str) -> str:
    """Whether the environment of a stage was changed."""
    return "new" if any(edit[:2] == (stage, "environment") for edit in edits) else ""


def made(stages: Mapping[str, Stage], path: str) -> str:
    """The hash of what an earlier stage made."""
    return next(one.outs[path] for one in stages.values() if path in one.outs)


def digest(*parts: str) -> str:
    """A hash as a lockfile has it."""
    return hashlib.md5("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def chatter(stage: str, draw: np.random.Generator) -> str:
    """What a task says when all is well."""
    lines = [
        f"INFO {stage}: {draw.integers(1000, 9999)} rows go in",
        "WARNING a value was cut at 160 letters",
        f"INFO {stage}: done in {draw.uniform(1, 9):.1f} s",
    ]
    return "\n".join(lines) + "\n"
