"""The assistant's stages install all that the others do, and its server little more than a server."""

from pathlib import Path

import pytest

from include.assistant.environments import GROUPS, exported

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "environments"


def lines(use: str) -> set[str]:
    return {*(FOLDER / f"{use}.txt").read_text().split()}


def test_the_files_are_what_the_export_gives():
    found = exported(ROOT / "pyproject.toml", FOLDER / "development.txt")
    assert found == {use: (FOLDER / f"{use}.txt").read_text() for use in GROUPS}


@pytest.mark.parametrize("use", GROUPS)
def test_a_file_is_a_part_of_the_one_resolution(use):
    assert lines("serving") < lines(use) < lines("development")


def test_stages_have_what_other_stages_have_and_no_airflow():
    assert lines("steps") < lines("assistant")
    assert lines("assistant_serving") < lines("assistant")
    assert not [line for line in lines("assistant") if "airflow" in line]


def test_the_server_has_no_dvc_no_agent_and_no_store_of_vectors():
    names = {line.partition("==")[0] for line in lines("assistant_serving")}
    assert not names & {"dvc", "feast", "evidently", "pydantic-ai-slim", "mcp", "lancedb", "pandas"}
