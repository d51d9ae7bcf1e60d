"""The pages agree with the tree: links lead somewhere, code is code, and every command is run."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from doc_commands import ELSEWHERE, SHORTER, known
from doc_pages import PAGES, ROOT, Command, blocks, commands

LANGUAGES = {"bash", "console", "mermaid", "python", "text", "yaml"}
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@EACH_PAGE
def test_each_block_says_its_language_and_is_of_it(page):
    for block in blocks(page):
        assert block.language in LANGUAGES, f"{page.name}, {block.heading}"
        if block.language == "python":
            ast.parse(block.text)
        if block.language == "yaml":
            yaml.safe_load(block.text)
        if block.language == "console":
            assert block.text.startswith("$ "), f"{page.name}, {block.heading}"


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    heads = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


@EACH_PAGE
def test_each_link_leads_to_a_file_and_to_a_heading_of_it(page):
    for name, anchor in LINK.findall(page.read_text()):
        target = page.parent / name if name else page
        assert target.exists(), name
        assert not anchor or anchor in anchors(target), f"{name}#{anchor}"


def test_the_index_names_each_page_of_docs():
    index = (ROOT / "docs/README.md").read_text()
    pages = [page.name for page in PAGES if page.parent.name == "docs" and page.name != "README.md"]
    assert [name for name in pages if f"]({name})" not in index] == []


def names_of_tests() -> set[str]:
    """The names of all tests."""
    files = (ROOT / "tests").rglob("test_*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}


def typed() -> list[Command]:
    """All that the pages say to type."""
    return [command for page in PAGES for command in commands(page)]


def test_each_entry_of_the_table_is_a_command_of_a_page_and_names_what_runs_it():
    said = {entry for command in typed() for entry in [*known(command), command.text]}
    assert {*ELSEWHERE, *SHORTER} - said == set()
    places = {*ELSEWHERE.values()} - names_of_tests()
    assert [place for place in places if not (ROOT / place).exists()] == []


def test_each_target_of_make_is_one():
    lines = {line for command in typed() for line in command.lines if line.startswith("make ")}
    for line in sorted(lines):
        words = ["bash", "-c", line.replace("make ", "make --dry-run ", 1)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}: {done.stderr}"


def test_the_tree_is_as_contributing_draws_it():
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## The tree\n")[2]
    drawn = [re.split(r"  +", line)[0] for line in section.splitlines() if "  " in line]
    names = [name.strip() for entry in drawn for name in entry.split(",")]
    assert len(names) > 15
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_each_cost_that_the_readme_names_is_in_its_page_with_its_command():
    readme = (ROOT / "README.md").read_text().partition("\n## What it costs\n")[2]
    section, number = readme.partition("\n## ")[0], re.compile(r"\d+(?:\.\d+)?")
    assert {*number.findall(section)} <= {*number.findall((ROOT / "docs/costs.md").read_text())}


def test_the_glossary_has_at_most_twenty_words():
    words = re.findall(r"^\| (.+?) \|", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert words[0] == "word" and len(words) - 1 <= 20
