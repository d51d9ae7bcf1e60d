"""The model that is tuned comes from a folder, and is what it should be before anything waits for it."""

import pytest
from assistant_generator import tiny_llama
from pydantic import ValidationError

from include.assistant.generator.fetch_generator import Params, fetch_generator
from include.errors import DataError, ParamsError


def test_the_files_of_a_folder_are_copied_and_others_not(tmp_path):
    folder = tiny_llama(tmp_path / "there")
    (folder / "README.md").write_text("...")
    fetch_generator(tmp_path / "base", Params(folder=str(folder)))
    names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert sorted(path.name for path in (tmp_path / "base").iterdir()) == names


def test_no_model_is_named_by_default(tmp_path):
    with pytest.raises(
        ParamsError, match=r"names no language model to tune.\n  Next: set fetch_generator"
    ):
        fetch_generator(tmp_path / "base", Params())


def test_an_empty_folder_says_what_is_missing(tmp_path):
    (tmp_path / "there").mkdir()
    with pytest.raises(DataError, match=r"holds no \*.safetensors and no \*.json"):
        fetch_generator(tmp_path / "base", Params(folder=str(tmp_path / "there")))


def test_a_folder_and_a_package_are_one_too_many():
    package = {"name": "a", "version": "1", "sha256": "0" * 64, "folder": "m"}
    with pytest.raises(ValidationError, match="a folder or a package, not both"):
        Params.model_validate({"folder": "x", "package": package})
