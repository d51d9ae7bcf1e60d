"""What the log holds of a window: numbers without an opinion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import polars as pl
from polars import selectors

from include.assistant.answering.answer import OUTAGES
from include.assistant.watching.journal import FAULTS, FEEDBACK, QUARANTINED
from include.assistant.watching.lines import FEEDBACKS, LATER, QUESTIONS
from include.assistant.watching.question_drift import VECTORS
from include.errors import DataError, did_you_mean
from include.monitoring import journal
from include.monitoring.drift_limits import rounded
from include.monitoring.journal import REQUESTS
from include.monitoring.journal_lines import REPLIES
from include.monitoring.service import Replies, replies
from include.monitoring.watch_log import Log, Taken, utc_days
from include.monitoring.windows import Window

Schema = Mapping[str, pl.DataType]
FAILED = pl.col("cause").is_in(OUTAGES) | pl.col("stood_in").fill_null(False)
REFUSED = pl.col("refused") & ~pl.col("cause").is_in(OUTAGES)


@dataclass(frozen=True)
class Asked:
    """What was asked in a window, and what became of it.

    Args:
        searches: questions for which only passages were wanted; they are in no other number.
        models: name and version of each bento to the questions that it answered or refused.
        causes: of refusals, each with its number.
        failed: questions that provider or budget left without an answer of the model.
        refused: those that were refused for another reason.
        citations_failed: answers that their citations did not support, so that they were refused.
        latency_ms: that half of the answers took at most, and 99 in 100; None without one.
        rated: questions of which somebody said what the answer was worth, whenever that was.
        judged: answers of which somebody said so in the window, whenever they were asked for.
        useful: those of them that were, by the last word on each.
        stray: feedback of the window on questions that the log does not have.
        tokens_in, tokens_out, cost: of calls that were made, so none of those that were kept.
    """

    questions: int
    searches: int
    models: dict[str, int]
    causes: dict[str, int]
    failed: int
    refused: int
    citations_failed: int
    latency_ms: tuple[float, float] | None
    tokens_in: int
    tokens_out: int
    cost: float
    cached: int
    rated: int
    judged: int
    useful: int
    stray: int


@dataclass(frozen=True)
class Questions:
    """The log of questions of some windows, which follow each other, the earliest first."""

    log: Log
    windows: Sequence[Window]
    zone: ZoneInfo

    @cached_property
    def taken(self) -> Taken:
        """The files of the log.

        Raises:
            ParamsError: its place is not the whole path, or lacks where a hash is given.
            DataError: it is not there, or holds other lines than those of the hash.
        """
        return Taken(self.log, self.whole.start, self.whole.end, self.zone)

    @property
    def whole(self) -> Window:
        """All windows as one."""
        return Window(self.windows[0].start, self.windows[-1].end)

    def rows(self, window: Window, schema: Schema, folder: str = "") -> pl.LazyFrame:
        """The rows of a window in one of the folders of the log.

        Raises:
            DataError: it lacks a column that the command writes.
        """
        place = self.taken.folder
        assert place is not None
        if not self.taken.holds(place / folder, window.start, window.end):
            return pl.LazyFrame(schema=schema)
        found = journal.scan(place / folder, utc_days(window.start, window.end))
        found = with_later(found, schema)
        held = found.collect_schema()
        if lacking := [name for name, kind in schema.items() if held.get(name) != kind]:
            what = f"The log in {place / folder} has no column {lacking[0]} of the kind "
            hint = did_you_mean(lacking[0], held) if lacking[0] not in held else ""
            fix = (
                "run `python -m include.assistant.watching.journal LOGS PARQUET` into a new folder."
            )
            raise DataError(f"{what}{schema[lacking[0]]}.{hint}", fix)
        within = self.taken.within(found, window.start, window.end)
        if "id" not in schema:
            return within
        # A log file that was copied says the same of a request again.
        return within.unique(selectors.exclude("vector"), keep="first", maintain_order=True)

    def asked(self, window: Window) -> Asked:
        """What was asked in a window."""
        rows = self.rows(window, QUESTIONS).drop("vector", "question").collect()
        asks, refused = rows.filter(kind="ask"), rows.filter("refused")
        called = asks.filter(~pl.col("cached").fill_null(False))
        given = self.feedback(window)
        judged = given.join(self.known.filter(kind="ask"), on="id", how="semi")
        return Asked(
            questions=len(asks),
            searches=len(rows) - len(asks),
            models=counts(asks["model"]),
            causes=counts(refused["cause"]),
            failed=len(asks.filter(FAILED)),
            refused=len(refused.filter(REFUSED)),
            citations_failed=int(asks["citations_failed"].sum()),
            latency_ms=latency(asks["latency_ms"]),
            tokens_in=int(called["tokens_in"].sum()),
            tokens_out=int(called["tokens_out"].sum()),
            cost=rounded(float(called["cost"].sum())),
            cached=int(asks["cached"].sum()),
            rated=len(self.feedback(self.whole).join(asks, on="id", how="semi")),
            judged=len(judged),
            useful=int(judged["useful"].sum()),
            stray=len(given.join(self.known, on="id", how="anti")),
        )

    def feedback(self, window: Window) -> pl.DataFrame:
        """The last word of the feedback of a window on each question, by its id."""
        rows = self.rows(window, FEEDBACKS, FEEDBACK).sort("at", "useful")
        return rows.group_by("id").agg(pl.col("useful").last()).sort("id").collect()

    @cached_property
    def known(self) -> pl.DataFrame:
        """The ids of all questions, each with its kind."""
        return self.rows(self.whole, QUESTIONS).select("id", "kind").unique("id").collect()

    def replies(self, window: Window) -> Replies | None:
        """How the requests of a window were replied to; None if the log does not tell."""
        return replies(self.rows(window, REPLIES, REQUESTS))

    def quarantined(self, window: Window) -> int:
        """How many lines of a window cannot be read."""
        rows = self.rows(window, FAULTS, QUARANTINED).select(pl.len())
        return int(rows.collect().item())

    def unanswered(self, window: Window) -> pl.DataFrame:
        """The questions of a window that were refused for want of an answer, in their order."""
        rows = self.rows(window, QUESTIONS).filter(REFUSED)
        return rows.select("at", "id", "question", "nearest", "cause").sort("at", "id").collect()

    def vectors(self, windows: Sequence[Window]) -> pl.DataFrame:
        """The different vectors of the questions of some windows, each with its encoder."""
        held = [self.rows(window, QUESTIONS).select(*VECTORS) for window in windows]
        every = pl.concat(held) if held else pl.LazyFrame(schema=VECTORS)
        return every.drop_nulls("vector").unique().collect(engine="streaming")


def with_later(rows: pl.LazyFrame, schema: Schema) -> pl.LazyFrame:
    """Rows with the columns that a log may be older than."""
    lacking = LATER & (schema.keys() - rows.collect_schema().keys())
    return rows.with_columns(pl.lit(None, schema[name]).alias(name) for name in sorted(lacking))


def counts(values: pl.Series) -> dict[str, int]:
    """Each value to the number of its rows, by name."""
    held = values.value_counts(name="rows").sort(values.name)
    return {str(value): int(number) for value, number in held.iter_rows()}


def latency(ms: pl.Series) -> tuple[float, float] | None:
    """What half of the values are at most, and 99 in 100."""
    middle, slowest = (ms.quantile(share, "higher") for share in (0.5, 0.99))
    return None if middle is None or slowest is None else (round(middle, 3), round(slowest, 3))
