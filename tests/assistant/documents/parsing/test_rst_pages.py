"""reStructuredText of Sphinx becomes plain sections, and nothing of it is run or lost."""

from pathlib import Path

from docutils.parsers.rst import directives, roles

from include.assistant.documents.parsing.rst_pages import sections_of

DIRECTIVES = """\
.. note:: Mind this.

   And that.

..  versionadded :: 2.0

.. deprecated:: 3.0 Use the other.

.. code-block:: python
   :caption: x

   a = 1

   b = 2

.. option:: --pool <name>

   Which pool.

.. toctree::

   other

.. automodule:: celery
.. unknown-thing:: head
   :option: 1

   Its words.
"""


def told(text: str) -> list[tuple[tuple[str, ...], list[str]]]:
    """The sections with titles and blocks; code is marked by a bar."""
    return [
        (section.titles, [("|" if block.code else "") + block.text for block in section.blocks])
        for section in sections_of(text)
    ]


def blocks(text: str) -> list[str]:
    [(_, found)] = told(text)
    return found


def test_each_heading_opens_a_section_below_those_above_it() -> None:
    text = "Lead.\n\nFAQ\n===\n\nOn it.\n\nWhy?\n----\n\nSo.\n\nHow?\n----\n\nMore\n====\n\nEnd.\n"
    assert told(text) == [
        ((), ["Lead."]),
        (("FAQ",), ["On it."]),
        (("FAQ", "Why?"), ["So."]),
        (("FAQ", "How?"), []),
        (("More",), ["End."]),
    ]


def test_roles_say_what_a_reader_sees() -> None:
    text = (
        "Use :class:`~celery.Task`, :meth:`run <celery.Task.run>`, :setting:`broker_url`,\n"
        ":class:`_orm.Session`, `!psycopg2`, ``code``, *this* and :ref:`that page <faq>`\n"
        "of the `manual <https://manual.example>`_ [1]_, :pep:`8`, `x`:kbd:.\n\n.. [1] A note.\n.. [#] More.\n"
    )
    assert blocks(text) == [
        "Use Task, run, broker_url, Session, psycopg2, code, this and that page of the manual, PEP 8, x.",
        "[1] A note.",
        "- More.",
    ]


def test_directives_say_what_a_reader_sees() -> None:
    assert blocks(DIRECTIVES) == [
        "Note: Mind this.",
        "And that.",
        "Added in version 2.0",
        "Deprecated since version 3.0 Use the other.",
        "|a = 1\n\nb = 2",
        "--pool <name>",
        "Which pool.",
        "head",
        "Its words.",
    ]


def test_lists_tables_and_terms_are_lines() -> None:
    text = """\
- one
- two::

    code

term
  What it is.

:field: Its body.

==== =====
a    b
==== =====
1    2
==== =====

>>> 1 + 1
2
"""
    assert blocks(text) == [
        "- one",
        "- two:",
        "|code",
        "term: What it is.",
        "field: Its body.",
        "a | b",
        "1 | 2",
        "|>>> 1 + 1\n2",
    ]


def test_lines_and_boxes_are_blocks() -> None:
    text = "| one\n| two\n\n.. topic:: Box\n\n   In it.\n\n.. table:: T\n\n   == ==\n   1  2\n   == ==\n"
    assert blocks(text) == ["one", "two", "Box: In it.", "1 | 2"]


def test_questions_written_as_terms_are_headings() -> None:
    text = "FAQ\n===\n\nWhy?\n  So.\n\nHow *fast*?\n  Very.\n\n.. cssclass:: faq\n\nIt fails.\n  Mend it.\n"
    assert told(text) == [
        ((), []),
        (("FAQ",), []),
        (("FAQ", "Why?"), ["So."]),
        (("FAQ", "How fast?"), ["Very."]),
        (("FAQ", "It fails."), ["Mend it."]),
    ]


def test_what_follows_a_list_of_questions_is_no_answer() -> None:
    text = "FAQ\n===\n\nWhy?\n  So.\n\n.. _more:\n\nAsk us.\n\n- all\n\nHow?\n  Like so.\n\nEnd\n---\n\nOn.\n"
    assert told(text) == [
        ((), []),
        (("FAQ",), []),
        (("FAQ", "Why?"), ["So."]),
        (("FAQ",), ["Ask us.", "- all"]),
        (("FAQ", "How?"), ["Like so."]),
        (("FAQ", "End"), ["On."]),
    ]
    assert told("Why?\n  So.\n\nAsk us.\n") == [((), []), (("Why?",), ["So."]), ((), ["Ask us."])]


def test_files_that_are_included_are_counted() -> None:
    text = (
        "Why?\n  .. include:: a.rst\n\nA\n=\n\n- .. literalinclude:: a.py\n\n.. include:: b.rst\n"
    )
    assert [section.includes for section in sections_of(text)] == [0, 1, 2]


def test_no_file_is_read_and_nothing_is_run(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    text = "\n\n".join(
        [
            f".. include:: {secret}",
            f".. literalinclude:: {secret}",
            f".. raw:: html\n   :file: {secret}",
            f".. csv-table::\n   :file: {secret}",
            "Text.",
        ]
    )
    assert "hunter2" not in repr(told(text)) and "Text." in repr(told(text))


def test_a_table_that_cannot_be_read_stays_as_it_is_and_is_counted() -> None:
    [section] = sections_of(
        "=====  =====\none    two\n=====  =====\nfar over it  x\n=====  =====\n"
    )
    assert section.problems == 1
    assert [block.code for block in section.blocks] == [True]
    assert "far over it" in section.blocks[0].text


def test_roles_of_one_page_change_nothing_of_another() -> None:
    before = told("See :doc:`a`.")
    told(".. role:: doc(strong)\n.. default-role:: math\n\n:doc:`b` `x`")
    assert told("See :doc:`a`.") == before
    assert blocks("`!name`") == ["name"]
    told(".. only-here::\n\n   Text.")
    registers = roles._roles, directives._directives
    assert "only-here" not in registers[1] and "doc" not in registers[0]


def test_cells_stay_in_their_columns() -> None:
    text = ".. list-table::\n\n   * - a\n     - b\n     - c\n   * -\n     - 1\n     -\n   * - 2\n     -\n     - 3\n"
    assert blocks(text) == ["a | b | c", "| 1", "2 | | 3"]


def test_a_row_knows_the_one_that_names_its_columns() -> None:
    text = "- - .. list-table::\n       :header-rows: 1\n\n       * - a\n         - b\n       * - 1\n         - 2\n"
    assert [block.head for block in sections_of(text)[-1].blocks] == ["", "a | b"]


def test_what_a_name_stands_for_is_put_in_its_place() -> None:
    text = (
        "|Prod| needs |ver|, |Ver| or |no|; see |link|\\ |tm|. |logo|\n\n"
        ".. |Prod| replace:: Widget *Server*\n.. |ver| replace:: |Prod| 12\n.. |loop| replace:: |loop|\n"
        ".. |link| replace:: :ref:`the guide <x>`\n.. |tm| unicode:: U+2122\n"
        ".. |logo| image:: a.png\n.. |own| made-up:: x\n"
    )
    said = "Widget Server needs Widget Server 12, Widget Server 12 or no; see the guide™."
    assert blocks(text) == [said]


def test_words_below_what_is_made_from_code_are_kept() -> None:
    text = (
        ".. autoclass:: a.B\n   :members:\n\n   By hand.\n\n.. automodule:: a\n\n"
        ".. changelog::\n   :version: 1\n\n   .. change::\n      :tags: x\n\n      The pool is 5.\n\n"
        ".. raw:: html\n\n   <table><tr><td>a<td>b</table>\n\n.. raw:: latex\n\n   x\n"
    )
    assert blocks(text) == ["a.B", "By hand.", "The pool is 5.", "a | b"]


def test_code_needs_no_empty_line_above_it() -> None:
    text = (
        ".. code-block:: python\n   a:\n     b\n\n   c\n\n.. code-block:: python\n   :caption: x\n\n   d\n\n"
        ".. productionlist::\n   e: `f`\n"
    )
    assert blocks(text) == ["|a:\n  b\nc", "|d", "|e: `f`"]
