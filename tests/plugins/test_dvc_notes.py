"""What notes say is shown as it is: Airflow's UI reads them as Markdown."""

from types import SimpleNamespace

import dvc_notes
import pytest
from markdown_it import MarkdownIt

CONTEXT = {"dag": SimpleNamespace(dag_id="watch"), "run_id": "first"}
EVIL = [
    "Values that are gone: carrier ![x](https://evil/p.png)",
    "[click](javascript:alert(1)) and <https://evil> and [x][y]",
    "<img src=x onerror=alert(1)> `code` ``more``",
    r"\[x](https://evil) \\![x](https://evil/p.png) \<b>",
]


class Kept:
    """Airflow, as far as notes go."""

    def __init__(self) -> None:
        self.note, self.told = "", dict[str, str]()

    def tell(self, dag_id: str, run_id: str, notes: dict[str, str], state: str) -> list[str]:
        self.told |= notes
        return []

    def describe(self, dag_id: str, run_id: str, note: str) -> None:
        self.note = note

    def run(self, dag_id: str, run_id: str) -> dict[str, str]:
        return {"note": self.note}


@pytest.fixture
def airflow(monkeypatch) -> Kept:
    kept = Kept()
    monkeypatch.setattr(dvc_notes, "login", lambda: kept)
    return kept


def shown(note: str) -> str:
    """The text that a note is shown as; it fails if there is more than text."""
    [_, inline, _] = MarkdownIt("commonmark").parse(note)
    assert {part.type for part in inline.children} <= {"text", "text_special"}, note
    return "".join(part.content for part in inline.children)


@pytest.mark.parametrize("words", EVIL)
def test_what_data_say_is_no_link_image_html_or_code(airflow, words):
    dvc_notes.tell(CONTEXT, {"one": words})
    dvc_notes.describe(CONTEXT, words)
    assert shown(airflow.told["one"]) == shown(airflow.note) == words
    airflow.note = ""
    for _ in range(2):  # a task that is tried again
        dvc_notes.put_first(CONTEXT, words)
        dvc_notes.put_last(CONTEXT, "It took 90 s.")
    assert shown(airflow.note) == f"{words} It took 90 s."


def test_prose_stays_as_it_is(airflow):
    words = "v0.0.1 -> v0.0.2: dep_delay_min is up by 5 % (2 of 3 stages); see reports/watch.json!"
    dvc_notes.describe(CONTEXT, words)
    assert airflow.note == words == shown(words)
