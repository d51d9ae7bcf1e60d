"""Stage watch_assistant: window by window, how the assistant did, and what it was asked in vain.

It reads the log of questions, of whole weeks or months. Without a log it says so, and all is well.
"""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from include import step
from include.assistant.watching.checks import Facts, Shares, checks_of, signals_of, stale_check
from include.assistant.watching.facts import Questions
from include.assistant.watching.question_drift import apart
from include.assistant.watching.report import Judged, Watched, write
from include.assistant.watching.settings import Params
from include.assistant.watching.spans import spans
from include.assistant.watching.stale import Stale, stale_sources
from include.assistant.watching.unanswered import Gap, gaps
from include.assistant.watching.verdict import verdict
from include.step import Out


def watch_assistant(
    index: Path,
    sources: Path,
    lock: Path,
    report: Out,
    page: Out,
    metrics: Out,
    params: Params,
) -> None:
    """Judge the last windows that have ended.

    Raises:
        DataError: the log, or the index, is not what it must be.
    """
    stale = stale_sources(sources, lock)
    windows = spans(params.end, params.window, params.windows + params.drift.before)
    questions = Questions(params.log, windows, ZoneInfo(params.time_zone))
    judged: list[Judged] = []
    lacking: list[Gap] = []
    if questions.taken.folder:
        judged = judge(questions, stale, params)
        lacking = gaps(questions.unanswered(windows[-1]), index, params.listed)
    always = [stale_check(stale, params.limits)]
    write(Watched(judged, lacking, stale, questions.taken.md5, always), report, page, metrics)


def judge(questions: Questions, stale: Sequence[Stale], params: Params) -> list[Judged]:
    """Judge the last windows, from the first of which the log knows anything."""
    every = questions.windows
    asked = [questions.asked(window) for window in every]
    first = next((place for place, held in enumerate(asked) if held.questions), len(every) - 1)
    found = []
    for place in range(max(first, len(every) - params.windows), len(every)):
        before = slice(max(0, place - params.drift.before), place)
        sides = (questions.vectors([every[place]]), questions.vectors(every[before]))
        newest = place == len(every) - 1
        facts = Facts(
            window=every[place],
            asked=asked[place],
            replies=questions.replies(every[place]),
            quarantined=questions.quarantined(every[place]),
            apart=apart(*sides, params.drift, params.confidence),
            stale=stale if newest else None,
        )
        found.append(held_to(facts, params))
    return found


def held_to(facts: Facts, params: Params) -> Judged:
    """A window, held to its limits."""
    shares = Shares.of(facts.asked, params.confidence)
    signals = signals_of(facts, shares)
    checks = checks_of(facts, shares, signals, params.limits)
    return Judged(facts, signals, checks, verdict(checks))


if __name__ == "__main__":
    raise SystemExit(step.run(watch_assistant))
