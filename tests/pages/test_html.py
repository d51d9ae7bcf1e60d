"""A page escapes what it is given, and misses nothing silently."""

from types import SimpleNamespace

import jinja2
import pytest

from include.pages import html


def test_a_page_that_lacks_a_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="'e' is undefined"):
        html.render("flights/evaluation/report.html.j2", styles=SimpleNamespace(), names={})
