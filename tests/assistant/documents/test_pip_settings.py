"""The indexes are those that pip would use, and a later place is stronger than one before it."""

from pathlib import Path

import pytest

from include.assistant.documents.pip_settings import Indexes, read_indexes
from include.errors import ParamsError


def test_without_settings_it_is_the_default_of_pip() -> None:
    from pip._internal.models.index import PyPI

    assert read_indexes({"PIP_CONFIG_FILE": "/dev/null"}) == Indexes(urls=(PyPI.simple_url,))


def test_files_are_read_and_the_environment_is_stronger(tmp_path: Path) -> None:
    user = tmp_path / ".config/pip/pip.conf"
    user.parent.mkdir(parents=True)
    user.write_text(
        "[global]\nindex-url = https://one.example/simple/\nfind-links = /a\n  /b\n"
        "[download]\nextra-index-url = https://two.example/simple\n"
        "[freeze]\nindex-url = https://never.example\n"
    )
    own = tmp_path / "own.conf"
    own.write_text("[global]\ncert = /ca.pem\ntrusted_host = one.example\n")
    told = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path / "none"),
        "PIP_CONFIG_FILE": str(own),
    }
    found = read_indexes(told)
    assert found.urls == ("https://one.example/simple", "https://two.example/simple")
    assert found.find_links == ("/a", "/b")
    assert found.trusted_hosts == ("one.example",) and found.certificates == "/ca.pem"
    stronger = read_indexes({**told, "PIP_INDEX_URL": "https://three.example", "PIP_NO_INDEX": ""})
    assert stronger.urls[0] == "https://three.example"
    assert read_indexes({**told, "PIP_NO_INDEX": "1"}).urls == ()


def test_a_file_that_is_no_settings_is_an_error(tmp_path: Path) -> None:
    own = tmp_path / "own.conf"
    own.write_text("index-url = https://one.example\n")
    with pytest.raises(
        ParamsError, match=r"own\.conf is not a file of pip's settings: File contains"
    ):
        read_indexes({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(own)})
