"""What the pages say to type to a platform that is up works."""

import pytest
from deployment import Deployment
from doc_pages import ROOT, commands

pytestmark = pytest.mark.containers


def test_what_the_pages_say_to_type_to_a_platform_works(platform: Deployment) -> None:
    pages = [ROOT / "docs" / name for name in ("compose.md", "settings.md")]
    said = [command.text for page in pages for command in commands(page)]
    typed = [text for text in said if text.startswith("docker ")]
    assert typed
    for text in typed:
        # A test has no terminal.
        words = text.replace(" exec ", " exec --no-TTY ").replace("SERVICE", "worker").split()[1:]
        platform.docker(*words, cwd=platform.checkout)
