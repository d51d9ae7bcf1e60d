"""A cross-reference is read as the title of what it points to, within its source."""

from include.assistant.documents.parsing.references import references
from include.assistant.documents.parsing.rst_pages import sections_of

FAQ = """\
FAQ
===

How do I log?
-------------

See :ref:`engine_logging`, :ref:`Mine <engine_logging>`, :doc:`/core/engines`, :doc:`core/engines`
and :ref:`nowhere`. Read :ref:`faq-idle
below`.
"""
ENGINES = """\
================
Engine *Setup*
================

.. _other:

.. _engine_logging:

Configuring :class:`~a.Logging`
-------------------------------

.. _faq-idle below:
.. cssclass:: faq

Why ``idle``?
    So.

.. _adrift:

Text that is no heading.
"""


def test_labels_and_pages_are_known_by_their_titles() -> None:
    found = references({"faq.rst": FAQ, "core/engines.rst": ENGINES})
    assert found == {
        "core/engines.rst": {},
        "faq.rst": {
            "/core/engines": "Engine Setup",
            "core/engines": "Engine Setup",
            "engine_logging": "Configuring Logging",
            "faq-idle below": "Why idle?",
        },
    }
    [_, _, section] = sections_of(FAQ, found["faq.rst"])
    assert [block.text for block in section.blocks] == [
        "See Configuring Logging, Mine, Engine Setup, Engine Setup and nowhere. Read Why idle?."
    ]


def test_a_page_knows_only_what_it_refers_to() -> None:
    """What else changes in a source costs it nothing."""
    before = references({"faq.rst": FAQ, "core/engines.rst": ENGINES})
    after = references({"faq.rst": FAQ, "core/engines.rst": ENGINES + "\n.. _new:\n\nNew\n---\n"})
    assert after == before
