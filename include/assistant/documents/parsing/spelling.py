"""How the words of cross-references are written, in reStructuredText and in MyST."""

import re


def shown(text: str) -> str:
    """The words of a cross-reference: its title, or what it refers to without its decoration.

    `title <target>` is title, ~celery.Task.run is run, !name is name, _orm.Session is Session.
    """
    text = text.replace("\x00", "").strip()
    titled = re.fullmatch(r"(.+?)\s*<[^<>]*>", text, re.S)
    if titled:
        return titled[1].removeprefix("!")
    if text.startswith("~"):
        return text.rstrip(".").rpartition(".")[2].removeprefix("~")
    return re.sub(r"^_\w+\.(?=\w)", "", text.removeprefix("!").removeprefix(".").removeprefix("$"))
