"""The stage make_questions: questions that people asked, and nothing of them in what answers."""

import json
from pathlib import Path

import polars as pl
import pytest
import yaml
from assistant_faq import PARAMS, WORKERS, corpus, passage, section_of, write

from include.assistant.evaluation import asked, wording
from include.assistant.make_questions import Params, build, make_questions
from include.assistant.passages import SCHEMA, embedded
from include.errors import DataError

ROOT = Path(__file__).parents[2]


def asked_of(table: pl.DataFrame, kind: str = "answerable") -> dict[str, list[str]]:
    """The questions of a kind, with their gold."""
    held = table.filter(pl.col("kind") == kind)
    return dict(held.select("question", "gold").iter_rows())


def test_the_questions_are_the_headings_that_ask_on_pages_that_are_faqs():
    table, _, counts = build(corpus(), PARAMS)
    assert asked_of(table) == {
        "What happens if a worker is lost?": [
            section_of("faq.md", "FAQ", "What happens if a worker is lost?")
        ],
        "How is a queue named": [section_of("faq.md", "FAQ", "How is a queue named")],
        "Why is my stage skipped?": [section_of("help/faq.md", "Help", "Why is my stage skipped?")],
    }
    assert asked_of(table, "gold_removed") == asked_of(table)
    assert (counts["questions"], counts["pages"], counts["headings_that_ask"]) == (3, 2, 3)


def test_nothing_of_a_question_remains_in_any_passage():
    inside = passage(
        "faq.md",
        ["FAQ", "What happens if a worker is lost?", "On a cluster"],
        "As to what happens, if a WORKER is lost: see #what-happens-if-a-worker-is-lost.",
    )
    passages = corpus(inside)
    table, held_out, _ = build(passages, PARAMS)
    replaced = passages.filter(~pl.col("id").is_in(held_out["replaces"].to_list()))
    whole = pl.concat([replaced, held_out.select([*SCHEMA])])
    texts = [wording.words(embedded(*row)) for row in whole.select("titles", "text").iter_rows()]
    for question in table.filter(pl.col("kind") == "answerable")["question"]:
        assert not any(wording.words(question) in text for text in texts), question


def test_a_passage_without_its_heading_is_otherwise_what_it_was():
    _, held_out, _ = build(corpus(), PARAMS)
    assert held_out.height == 3 and held_out["replaces"].n_unique() == 3
    one = held_out.row(by_predicate=pl.col("page") == "help/faq.md", named=True)
    assert one["titles"] == ["Help"]
    assert one["text"] == "Nothing that it reads has changed since it ran."
    assert one["section"] == section_of("help/faq.md", "Help", "Why is my stage skipped?")


def test_a_heading_that_stands_elsewhere_word_for_word_is_no_question():
    quoted = passage(
        "news.md", ["News"], "See the answer to `How is a Queue named?`, which is new."
    )
    table, _, counts = build(corpus(quoted), PARAMS)
    assert "How is a queue named" not in asked_of(table)
    assert (counts["questions"], counts["dropped_stands_elsewhere"]) == (2, 1)


USE = "Is it of use?"
LONG = passage("queues.md", ["Guide", "Naming of queues"], "A queue is named in meta of its stage.")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Yes, it is.", False),
        ("Is it of use? Yes, it is.", False),
        ("Yes, it is, every day.", True),
        ("See Naming of things.", False),
        ("See Names of things and others.", True),
    ],
    ids=["short", "short but for the question", "just long enough", "nowhere", "by itself"],
)
def test_an_answer_must_stand_without_its_question(text, question):
    table, _, counts = build(corpus(passage("faq.md", ["FAQ", USE], text)), PARAMS)
    assert (USE in asked_of(table)) is question
    assert counts["dropped_too_short_an_answer"] == (not question)


def test_where_an_answer_only_says_where_to_read_that_section_is_right_too():
    table, _, _ = build(
        corpus(LONG, passage("faq.md", ["FAQ", USE], "See Naming of Queues.")), PARAMS
    )
    assert set(asked_of(table)[USE]) == {
        section_of("faq.md", "FAQ", USE),
        section_of("queues.md", "Guide", "Naming of queues"),
    }


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("Naming of queues, so.", [LONG]),
        ("See Naming of queues.", [LONG, passage("b.md", ["B", "Naming of queues"], "Others.")]),
        ("See Naming of queues.", [{**LONG, "source": "other"}]),
    ],
    ids=["it does not refer", "two have the title", "another source"],
)
def test_a_reference_that_is_not_clear_makes_no_answer(text, others):
    table, _, _ = build(corpus(*others, passage("faq.md", ["FAQ", USE], text)), PARAMS)
    assert USE not in asked_of(table)


def test_a_section_inside_the_one_that_is_asked_for_is_a_right_answer_too():
    inside = passage("faq.md", ["FAQ", "How is a queue named", "On Celery"], "By its broker.")
    table, held_out, _ = build(corpus(inside), PARAMS)
    assert set(asked_of(table)["How is a queue named"]) == {
        section_of("faq.md", "FAQ", "How is a queue named"),
        section_of("faq.md", "FAQ", "How is a queue named", "On Celery"),
    }
    titles = held_out.filter(pl.col("text") == "By its broker.")["titles"].to_list()
    assert titles == [["FAQ", "On Celery"]]


def test_a_near_copy_on_another_page_is_a_right_answer_too():
    copy = passage("old.md", ["Old", "Lost workers"], f"{WORKERS} This was so before.")
    part = passage("new.md", ["New", "Workers"], f"{WORKERS[:30]} may be named.")
    table, _, _ = build(corpus(copy, part), PARAMS)
    gold = asked_of(table)["What happens if a worker is lost?"]
    assert section_of("old.md", "Old", "Lost workers") in gold and len(gold) == 2


@pytest.mark.parametrize(
    ("title", "question"),
    [
        ("4.2. Why does it wait¶", "Why does it wait"),
        ("Is it of any use?", "Is it of any use?"),
        ("Settings of the queue", None),
        ("Is it so", None),
        ("Why?", None),
        ("FAQ: how do I ask?", None),
        ("Whatever it may be", None),
    ],
    ids=["a number", "a question mark", "no question", "no mark", "too short", "a FAQ", "a prefix"],
)
def test_what_a_heading_must_be_to_ask(title, question):
    table, _, _ = build(
        corpus(passage("faq.md", ["FAQ", title], "Some text of some length.")), PARAMS
    )
    new = set(asked_of(table)) - set(asked_of(build(corpus(), PARAMS)[0]))
    assert new == ({question} if question else set())


def test_a_page_and_a_subject_are_in_one_fold_whole():
    table, _, _ = build(corpus(), PARAMS)
    assert (table.group_by("source", "page").agg(pl.col("fold").n_unique())["fold"] == 1).all()
    held = dict(table.filter(pl.col("kind") == "answerable").select("page", "fold").iter_rows())
    assert held == {"faq.md": "validation", "help/faq.md": "test"}


def test_pages_of_one_name_in_two_sources_are_two():
    twin = passage(
        "faq.md", ["Other", "Where is the log kept?"], "In a folder of its own.", source="other"
    )
    _, _, counts = build(corpus(twin), PARAMS)
    assert (counts["pages"], counts["test"], counts["test_pages"]) == (3, 2, 2)


def test_folds_are_as_large_as_they_are_to_be_and_do_not_hang_on_an_order():
    pages = {
        ("docs", name): size for name, size in zip("abcdef", (60, 30, 20, 5, 3, 2), strict=True)
    }
    fold = asked.folds(pages, 0.5)
    backwards = asked.folds(dict(reversed(pages.items())), 0.5)
    assert fold == backwards
    assert sum(size for page, size in pages.items() if fold[page] == "test") == 60


def test_at_least_60_questions_are_on_other_subjects_and_all_are_kept_apart_from_the_corpus():
    subjects = asked.read_subjects()
    assert sum(map(len, subjects.values())) >= 60 and len(subjects) >= 6
    table, _, _ = build(corpus(), PARAMS)
    others = table.filter(pl.col("kind") == "other_subject")
    assert others.height == sum(map(len, subjects.values()))
    assert others["gold"].list.len().to_list() == [0] * others.height
    sizes = others["fold"].value_counts()["count"].to_list()
    assert max(sizes) - min(sizes) <= 9


def test_ids_are_unique_and_the_same_whatever_the_order_of_the_passages():
    table, _, _ = build(corpus(), PARAMS)
    assert table["id"].n_unique() == table.height
    again, _, _ = build(corpus().reverse(), PARAMS)
    assert again.equals(table)


def test_too_few_questions_stop_the_run_and_say_what_to_do():
    params = PARAMS.model_copy(update={"least": 200})
    with pytest.raises(DataError) as error:
        build(corpus(), params)
    assert str(error.value) == (
        "The documents have 3 questions on 2 pages, of 3 headings that ask; 200 on 2 pages are "
        "needed.\n  Next: name a source with a FAQ in sources.yaml, or lower make_questions.least."
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [b", "is not YAML"),
        ("- a", "does not hold lists of questions by subject"),
        ("a: []", "does not hold lists of questions by subject"),
        ("a: [Why so]\nb: [Why so]", "asks 'Why so' twice"),
    ],
    ids=["no YAML", "no subjects", "no questions", "twice the same"],
)
def test_a_file_of_other_subjects_that_is_wrong_is_named(tmp_path, text, problem):
    (tmp_path / "other.yaml").write_text(text)
    with pytest.raises(DataError, match=f"other.yaml {problem}"):
        asked.read_subjects(tmp_path / "other.yaml")


def test_the_same_passages_give_the_same_bytes_elsewhere(tmp_path):
    passages = write(tmp_path / "passages", corpus())
    written = []
    for name in ("one", "two"):
        folder: Path = tmp_path / name
        folder.mkdir()
        make_questions(passages, folder / "questions", folder / "questions.json", PARAMS)
        files = ("questions/questions.parquet", "questions/held_out.parquet", "questions.json")
        written.append([(folder / file).read_bytes() for file in files])
    assert written[0] == written[1]
    assert json.loads((tmp_path / "one/questions.json").read_text())["passages_held_out"] == 3


def test_the_section_of_params_yaml_asks_for_200_questions():
    settings = yaml.safe_load((ROOT / "include/assistant/params.yaml").read_text())
    assert Params.model_validate(settings["make_questions"]).least >= 200
