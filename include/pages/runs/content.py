"""What the pages about runs show. All of it is text, wherever it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from include.pages.html import render
from include.pages.runs.trend import Trend

# The only script: a page is dark or light as the user has set the pages around it.
THEME = Markup(
    "(()=>{const set=()=>{try{document.documentElement.dataset.theme="
    "localStorage.getItem('theme')||''}catch(error){}};set();addEventListener('storage',set)})()"
)
# What a state is painted as; any other word keeps the colour of the text.
TONES = {
    "hurts": "bad",
    "blind": "open",
    "moved": "open",
    "steady": "good",
    "passed": "good",
    "refused": "bad",
    "failed": "bad",
    "success": "good",
    "retrain": "open",
    "held back": "open",
    "unknown": "open",
    "not needed": "good",
}


@dataclass(frozen=True)
class Link:
    """Where to read on."""

    text: str
    href: str
    here: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a report comes to."""

    state: str
    sentence: str = ""
    to_do: str = ""
    source: Link | None = None

    @property
    def tone(self) -> str:
        """Its colour."""
        return TONES.get(self.state, "")


@dataclass(frozen=True)
class Entry:
    """One run in a list."""

    dag: Link
    run: Link
    when: str
    window: str
    outcome: str  # in Airflow's word
    verdicts: Sequence[Verdict] = ()  # what to read first
    figures: Sequence[tuple[str, str]] = ()
    reports: Sequence[Link] = ()

    @property
    def stands(self) -> bool:
        """Whether its verdicts are of all that was done: it ended well, and was not cleared."""
        return self.outcome == "success"

    @property
    def first(self) -> Verdict:
        """What it is shown by."""
        told = self.verdicts[0] if self.verdicts else Verdict("no verdict")
        return told if self.stands else Verdict(self.outcome)

    @property
    def others(self) -> Sequence[Verdict]:
        """Verdicts beside it."""
        return self.verdicts[1:4] if self.stands else self.verdicts[:3]


@dataclass(frozen=True)
class Filters:
    """What the list is held to."""

    dag_id: str = ""
    task_id: str = ""
    since: str = ""
    until: str = ""
    state: str = ""
    dags: Sequence[str] = ()
    states: Sequence[str] = ()


@dataclass(frozen=True)
class RunList:
    """A page of runs."""

    title: str
    action: str  # where the filters are sent
    filters: Filters
    newest: Sequence[Entry]  # of each DAG
    entries: Sequence[Entry]
    trends: Sequence[Trend]
    count: int
    first: int
    more: Link | None = None  # to all trends
    pages: Sequence[Link] = ()

    @property
    def html(self) -> str:
        """The page."""
        return render("pages/runs/list.html.j2", page=self, theme=THEME)


@dataclass(frozen=True)
class Figure:
    """A number of a run, and of the run before it."""

    name: str
    value: str
    before: str = ""
    change: str = ""


@dataclass(frozen=True)
class Topic:
    """What one task of a run says."""

    name: str
    task: str
    told: bool = False  # whether it came to a verdict
    figures: Sequence[Figure] = ()
    reports: Sequence[Link] = ()


@dataclass(frozen=True)
class Change:
    """Something that is not as it was in the run before."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Changes:
    """What is not as it was in the run before."""

    before: Link | None = None
    params: Sequence[Change] = ()
    sources: Sequence[Change] = ()
    made: Sequence[str] = ()


@dataclass(frozen=True)
class CostTable:
    """What the stages of a run took."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Window:
    """A period that a run looked at."""

    dates: str
    verdict: Verdict


@dataclass(frozen=True)
class RunPage:
    """The page of one run."""

    entry: Entry
    tabs: Sequence[Link]
    windows: Sequence[Window] = ()
    trends: Sequence[Trend] = ()  # over these windows
    topics: Sequence[Topic] = ()
    changes: Changes | None = None
    cost: CostTable | None = None
    shown: Link | None = None  # a report, in a frame of its own

    @property
    def html(self) -> str:
        """The page."""
        return render("pages/runs/run.html.j2", page=self, theme=THEME)
