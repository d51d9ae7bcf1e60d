"""A hash of ours is the one that DVC gives."""

from pathlib import Path

from include.serving.hashes import directory_md5


def test_the_data_hash_is_that_of_dvc(tmp_path: Path):
    (tmp_path / "sub").mkdir()
    for name in ("b.parquet", "a-1.parquet", "a.parquet", "sub/ä.json"):
        (tmp_path / name).write_text(f"text of {name}\r\n")
    from dvc_data.hashfile.build import build
    from dvc_data.hashfile.db import HashFileDB
    from dvc_objects.fs import LocalFileSystem

    store = HashFileDB(LocalFileSystem(), str(tmp_path.with_name("cache")))
    _, _, tree = build(store, str(tmp_path), LocalFileSystem(), "md5")
    assert directory_md5(tmp_path) == tree.hash_info.value
