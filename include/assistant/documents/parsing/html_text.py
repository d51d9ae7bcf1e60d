"""The words of a piece of HTML."""

import re

HIDDEN = ["script", "style", "template", "noscript", "svg", "head"]


def words_of(html: str) -> str:
    """All text of a piece of HTML in one line; comments and scripts are none."""
    if "<" not in html or re.fullmatch(r"\s*<!--.*?-->\s*", html, re.S):
        return "" if "<" in html else html
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for element in soup(HIDDEN):
        element.decompose()
    return " ".join(soup.get_text(" ").split())
