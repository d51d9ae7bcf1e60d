"""What params.yaml may say of a source, and what is said where it does not fit."""

import json
import re
from pathlib import Path

import pytest
import yaml
from assistant_documents import SAID

from include import step
from include.assistant.fetch_docs import Params
from include.errors import ParamsError

ROOT = Path(__file__).parents[4]
NOTES = {
    "kind": "package",
    "package": "notes",
    "version": "1.0",
    "sha256": "0" * 64,
    "pages": ["**/*.rst"],
    **SAID,
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": ""}, "notes.version to '': a source of the kind package needs it."),
        ({"folder": "x"}, "notes.folder to 'x': a source of the kind package has none."),
        ({"edition": "2"}, "notes.edition to '2': a source of the kind package has none."),
        ({"sha256": "x"}, "notes.sha256 to 'x': it has to be 64 hex digits."),
        ({"root": "../x"}, "notes.root to '../x': it has to be a folder in the source."),
        (
            {"kind": "pip"},
            "notes.kind to 'pip': input should be 'package', 'installed', 'files' or 'location'.",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_named(
    tmp_path: Path, changed: dict[str, object], said: str
) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(json.dumps({"fetch_docs": {"sources": {"notes": {**NOTES, **changed}}}}))
    with pytest.raises(ParamsError) as raised:
        step.read_params("fetch_docs", Params, path)
    assert str(raised.value).startswith(f"{path} sets fetch_docs.sources.{said}\n  Next: change ")


def test_a_source_is_named_as_a_folder_may_be() -> None:
    with pytest.raises(ValueError, match="a source is named by a-z, 0-9 and dashes"):
        Params.model_validate({"sources": {"../notes": NOTES}})


def test_docs_of_what_is_locked_are_of_the_locked_version() -> None:
    """What is not locked is there for its questions alone."""
    params = yaml.safe_load((ROOT / "include/assistant/params.yaml").read_text())
    sources = Params.model_validate(params["fetch_docs"]).sources.values()
    locked = (ROOT / "environments/development.txt").read_text().split("\n")
    versions = dict(
        line.split(" ")[0].split("==") for line in locked if re.match(r"[\w-]+==", line)
    )
    told = {source.package: source.version for source in sources if source.package}
    assert told == {**told, **{name: versions[name] for name in told if name in versions}}
    assert set(told) - set(versions) == {
        "apache-airflow-providers-docker",
        "black",
        "cython",
        "distributed",
        "psycopg2",
        "xarray",
    }
