"""What is checked before a bento serves."""

import json
import logging
from pathlib import Path

import numpy
import pytest

from include.errors import DataError, PipelineError
from include.serving.manifest import check_packages, read_manifest, version_of

SHA256_OF_X = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.mkdir()
    (model / "a.ubj").write_text("x")
    files = {"model/a.ubj": {"bytes": 1, "sha256": SHA256_OF_X}}
    manifest = {"name": "delays", "files": files}
    manifest["version"] = version_of(manifest)
    (model / "manifest.json").write_text(json.dumps(manifest))
    return model


def test_a_whole_bento_is_read(model: Path):
    assert list(read_manifest(model)["files"]) == ["model/a.ubj"]


def test_a_changed_file_is_named(model: Path):
    (model / "a.ubj").write_text("y")
    with pytest.raises(DataError) as caught:
        read_manifest(model)
    assert str(caught.value) == (
        "model/a.ubj in the bento is not the file that was packaged.\n"
        "  Next: import the bento again, or make it anew with `dvc repro`."
    )


def test_a_missing_file_is_named(model: Path):
    (model / "a.ubj").unlink()
    with pytest.raises(DataError, match=r"^The bento lacks model/a\.ubj \(1 bytes\)\.\n"):
        read_manifest(model)


def test_a_changed_manifest_is_refused(model: Path):
    path = model / "manifest.json"
    path.write_text(path.read_text().replace("delays", "others"))
    with pytest.raises(DataError, match=r"^manifest\.json in the bento is not the one that was"):
        read_manifest(model)


def test_a_folder_without_a_manifest_is_no_model(tmp_path: Path):
    with pytest.raises(DataError, match=r"holds no manifest\.json: it is not a packaged model\.\n"):
        read_manifest(tmp_path)


def test_a_library_that_is_not_installed_is_named():
    manifest = {"requirements": ["no-such-library==1.0"], "computing": ["no-such-library"]}
    with pytest.raises(PipelineError) as caught:
        check_packages(manifest)
    assert str(caught.value) == (
        "The bento needs no-such-library==1.0, which is not installed.\n"
        "  Next: install the bento's env/python/requirements.txt."
    )


def test_a_library_in_another_version_is_a_warning(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        check_packages({"requirements": ["numpy==0.1", "idna==0.1"], "computing": ["numpy"]})
    expected = f"numpy {numpy.__version__} is installed; the model was packaged with 0.1"
    assert [record.message for record in caplog.records] == [expected]
