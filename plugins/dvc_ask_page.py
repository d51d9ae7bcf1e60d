"""The page on which people ask: a form, the answer as it comes, and the passages that it cites.

Its script makes elements of what it is told, and never markup. It and the styles are allowed by
their hashes, which are those of a page that nobody has filled yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from dvc_ask_script import SCRIPT
from dvc_ask_service import NO_STORE
from dvc_reports_answers import hashes
from markupsafe import Markup

from include.pages.html import environment
from include.pages.runs.content import THEME

if TYPE_CHECKING:
    from dvc_ask_service import Refused

MOST_CHARACTERS = 2000  # of a question, as the service takes it
POLICY = (
    "default-src 'none'; style-src {style}; script-src {script}; img-src data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
TEMPLATE = """{% extends "pages/runs/frame.html.j2" %}
{% block title %}Ask{% endblock %}
{% block content %}
<style>
#ask label { flex: 1 1 100% }
textarea {
  width: 100%; min-height: 4.6em; padding: 8px 10px; resize: vertical; font: inherit;
  color: var(--ink); background: var(--raised); border: 1px solid var(--rule); border-radius: 5px;
}
#answer p { font-size: 17px; line-height: 1.55; margin: 0 0 10px }
#answer sup a { text-decoration: none; margin-left: 2px }
#answer p, #found summary, #found p, #found small { overflow-wrap: anywhere }
#how, #found small { color: var(--soft); font-size: 14px }
#rate button { margin-right: 8px }
#found { padding: 0; list-style: none }
#found li { border-top: 1px solid var(--rule); padding: 8px 0; margin: 0 }
#found details { margin: 0 }
#found summary { color: var(--ink) }
#found .cited summary { font-weight: 650 }
#found p { white-space: pre-wrap; margin: 8px 0 4px }
[hidden] { display: none !important }
</style>
<h1>Ask</h1>
{% if problem %}
<p class="verdict-line"><span class="state open">not yet</span> {{ problem.what }}</p>
<p><b>Next:</b> {{ problem.fix }}</p>
{% else %}
<form id="ask">
  <label>What do you want to know of this stack?
    <textarea name="question" maxlength="{{ most }}" required autofocus></textarea></label>
  <button>Ask</button>
</form>
<section aria-live="polite">
<p id="state" class="verdict-line"></p>
<p id="next" hidden></p>
<div id="answer"></div>
<p id="how"></p>
<p id="rate" hidden><button type="button" value="yes">Useful</button>
<button type="button" value="no">Not useful</button> <span></span></p>
</section>
<section id="passages" hidden><h2>Passages</h2><ol id="found"></ol></section>
<script>{{ script }}</script>
{% endif %}
{% endblock %}
"""


@dataclass(frozen=True)
class Page:
    """A page, and what it may do."""

    html: str
    headers: Mapping[str, str]


def page_of(problem: "Refused | None") -> Page:
    """The page; with a problem, what is to be done before one can ask."""
    headers = {**NO_STORE, "Referrer-Policy": "no-referrer", "Content-Security-Policy": policy()}
    return Page(drawn(problem), headers)


def drawn(problem: "Refused | None" = None) -> str:
    """The page in HTML."""
    script = Markup(SCRIPT)  # ours, and the same for all
    template = environment().from_string(TEMPLATE)
    return template.render(theme=THEME, script=script, most=MOST_CHARACTERS, problem=problem)


@cache
def policy() -> str:
    """What the page may do."""
    page = drawn()
    return POLICY.format(style=hashes(page, "style"), script=hashes(page, "script"))
