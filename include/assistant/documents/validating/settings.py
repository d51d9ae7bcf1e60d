"""`{"$setting": "max_tokens"}` in the suite stands for that setting of params.yaml."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from include.errors import ParamsError, at_most_ten, did_you_mean
from include.validation import suites
from include.validation.suites import Rule, Suite

SETTING = "$setting"


def resolved(suite: Suite, settings: Mapping[str, JsonValue], path: Path) -> list[Rule]:
    """The rules of the suite, with each `$setting` replaced by its value.

    Raises:
        ParamsError: there is no such setting.
    """

    def value_of(name: str) -> JsonValue:
        if name not in settings:
            what = f"{path} refers to the setting {name!r}; there is {at_most_ten(settings)}."
            fix = f"correct {SETTING} in the rule."
            raise ParamsError(what + did_you_mean(name, settings), fix)
        return settings[name]

    return suites.resolved(suite, SETTING, value_of)
