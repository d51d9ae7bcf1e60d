"""Patterns name pages as a person expects."""

import pytest

from include.assistant.documents.fetching.patterns import Wanted, matches


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("faq.rst", "*.rst", True),
        ("how/to.rst", "*.rst", False),
        ("how/to.rst", "**/*.rst", True),
        ("to.rst", "**/*.rst", True),
        ("a/b/c.md", "a/**", True),
        ("faq.rst", "faq.r?t", True),
        ("faqxrst", "faq.rst", False),
        ("faq.rst.bak", "*.rst", False),
        (".faq.rst", "*.rst", False),
        (".git/faq.rst", "**/*.rst", False),
        ("how/.git/faq.rst", "how/**", False),
        ("how/v1.2/to.it.rst", "**/*.rst", True),
        (".github/faq.rst", ".github/*.rst", True),
    ],
)
def test_a_star_stays_in_its_folder_and_two_do_not(path: str, pattern: str, expected: bool) -> None:
    assert matches(path, [pattern]) is expected


@pytest.mark.parametrize(
    ("folder", "pattern", "expected"),
    [
        (".venv", "docs/*.md", False),
        ("docs", "docs/*.md", True),
        ("docs/deep", "docs/*.md", False),
        ("docs/deep", "docs/**/*.md", True),
        ("a/b", "*/b/c/*.md", True),
        ("a", "*.md", False),
        ("a/.git", "**/*.md", False),
        ("a/.git", "a/**/.git/*.md", True),
    ],
)
def test_only_folders_that_may_have_pages_are_looked_through(
    folder: str, pattern: str, expected: bool
) -> None:
    assert Wanted((pattern,)).reaches(folder) is expected


def test_what_is_left_out_may_be_hidden() -> None:
    wanted = Wanted((".github/*.md",), ("**/a.md", "b.md"))
    assert [wanted.has(f".github/{name}.md") for name in "ab"] == [False, True]
    assert wanted.used == {"**/a.md"}
