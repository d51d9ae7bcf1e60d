"""What sources.yaml may say of a source, and what is said where it does not fit."""

import re
from pathlib import Path

import pytest
from assistant_documents import SAID, sources_file

from include.assistant.documents.fetching.source_settings import read_sources
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
    path = sources_file(tmp_path, {"notes": {**NOTES, **changed}})
    with pytest.raises(ParamsError) as raised:
        read_sources(path)
    assert str(raised.value).startswith(f"{path} sets sources.{said}\n  Next: change ")


@pytest.mark.parametrize(("root", "kept"), [(".", ""), ("./docs/", "docs"), ("a//b", "a/b")])
def test_a_root_may_be_written_in_several_ways(tmp_path: Path, root: str, kept: str) -> None:
    path = sources_file(tmp_path, {"notes": {**NOTES, "root": root}})
    assert read_sources(path)["notes"].root == kept


def test_a_source_is_named_as_a_folder_may_be(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="a source is named by a-z, 0-9 and dashes"):
        read_sources(sources_file(tmp_path, {"../notes": NOTES}))


def test_a_file_without_sources_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="sets sources to {}: "):
        read_sources(sources_file(tmp_path, {}))
    (tmp_path / "sources.yaml").write_text("source: {}")
    with pytest.raises(ParamsError, match="has no section 'sources'"):
        read_sources(tmp_path / "sources.yaml")


def test_an_unknown_setting_of_a_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"has an unknown setting sources\.notes\.pagse\."):
        read_sources(sources_file(tmp_path, {"notes": {**NOTES, "pagse": []}}))


def test_docs_of_what_is_locked_are_of_the_locked_version() -> None:
    """What is not locked is there for its questions alone."""
    sources = read_sources(ROOT / "include/assistant/sources.yaml").values()
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
