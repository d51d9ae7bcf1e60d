"""Each option of Airflow's config.yml is a section that says how it is set."""

import pytest

from include.assistant.documents.parsing.options_pages import sections_of

TEXT = """
core:
  description: ~
  options:
    parallelism:
      description: |
        The most ``tasks`` that run at once, by :ref:`executor <x>`.
      version_added: 2.0.0
      type: integer
      example: "64"
      default: "32"
    secret:
      description: ~
      type: string
      example: ~
      default: ~
"""


def test_an_option_says_its_type_its_default_and_its_variable() -> None:
    told = {s.titles: [b.text for b in s.blocks] for s in sections_of(TEXT)}
    assert told[("Airflow configuration", "[core]", "parallelism")] == [
        "The most tasks that run at once, by executor.",
        "Option parallelism of section [core]: integer, default 32.",
        "Example: 64",
        "Environment variable: AIRFLOW__CORE__PARALLELISM",
        "Added in version 2.0.0.",
    ]
    assert told[("Airflow configuration", "[core]", "secret")][0].endswith("string, no default.")
    assert told[("Airflow configuration", "[core]")] == []


@pytest.mark.parametrize("text", ["- a\n- b", "core: 1", "a: [", "core: {options: {}}"])
def test_another_file_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="it is not a list of options in YAML"):
        sections_of(text)
