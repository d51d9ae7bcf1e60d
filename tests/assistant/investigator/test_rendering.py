"""A note for people: whatever stands in it is text, and each claim leads to its evidence."""

from assistant_evidence import WINDOWS, tools

from include.assistant.investigator.note import Cause, Note, ProposedAction, cite
from include.assistant.investigator.rendering import as_html, as_markdown
from include.assistant.investigator.writing import by_playbook

EVIL = "<script>alert(1)</script> [here](https://evil.example) `x` *b* _i_ | a@b.example"
HELD = cite(EVIL, ("log:t:1", EVIL))
NOTE = Note(
    run="r",
    headline=EVIL,
    moved=(cite("# no heading", ("log:t:2", "x")), HELD),
    causes=(Cause(cause="any_cause", title=EVIL, subject=EVIL, weight=0.5, claims=(HELD,)),),
    next_steps=("1. no list", EVIL),
    proposals=(ProposedAction(action="roll_back", target=EVIL, why=HELD),),
    reason=EVIL,
)


def test_nothing_in_a_page_is_markup():
    page = as_html(NOTE)
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; [here](https://evil.example)" in page
    assert 'href="http' not in page


def test_nothing_in_markdown_is_markup():
    text = as_markdown(NOTE)
    told = (
        "&lt;script&gt;alert(1)&lt;/script&gt; \\[here\\](https:&#8203;//evil.example) "
        "\\`x\\` \\*b\\* \\_i\\_ \\| a&#64;b.example"
    )
    assert told in text
    assert "<" not in text and "](https://" not in text
    assert "- \\# no heading" in text and "- 1\\. no list" in text


def test_each_claim_leads_to_its_evidence(tmp_path):
    note = by_playbook(tools(tmp_path, *WINDOWS))
    text = as_markdown(note)
    assert "- auc has been out of its bounds since the window from 2025-02-01. \\[1\\]" in text
    assert (
        "1. `check:auc`: The check auc failed in the window from 2025-03-01: auc is 0.55;" in text
    )
    page = as_html(note)
    assert '<a href="#e1">1</a>' in page and '<li id="e1"><code>check:auc</code>' in page


def test_a_note_without_a_cause_says_so():
    text = as_markdown(Note(run="r", headline="H."))
    assert "None that is known." in text and "Nothing is proposed." in text
    assert "None that is known." in as_html(Note(run="r", headline="H."))
