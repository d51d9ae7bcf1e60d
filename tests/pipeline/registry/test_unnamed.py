"""A second project beside the first takes no name away: what names no artifact means what it meant."""

import pytest

from include.pipeline.registry.unnamed import only_one


@pytest.mark.parametrize(
    ("declared", "meant"),
    [
        ([], ""),
        (["model"], "model"),
        (["second:model"], "second:model"),
        (["include/other:answers", "model"], "model"),
        (["model", "rule"], ""),
        (["second:a", "second:b"], ""),
        (["model", "rule", "second:a"], ""),
    ],
    ids=str,
)
def test_the_only_one_of_the_root_is_meant_or_else_the_only_one(declared, meant):
    assert only_one(declared) == meant
