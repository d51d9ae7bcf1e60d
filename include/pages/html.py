"""Pages that need nothing beside them: one file, readable offline, in the dark and on paper."""

from functools import cache
from pathlib import Path

import jinja2

ROOT = Path(__file__).parents[1]


def render(template: str, **values: object) -> str:
    """Fill a template of include/; every value is escaped unless it is Markup.

    Args:
        template: path inside include/, as pages/page.html.j2.
    """
    return environment().get_template(template).render(**values)


@cache  # so that a server reads each template once
def environment() -> jinja2.Environment:
    """What reads templates."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(ROOT),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
