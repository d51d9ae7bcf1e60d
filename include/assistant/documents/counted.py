"""What is counted of a page: by the stage that cuts it, for the one that sees what came of it."""

import polars as pl

COUNTED = (
    "sections",
    "sections_without_text",
    "sections_other_language",
    "includes",  # places where another file would stand: it is not read
    "problems",  # places that are not as the format wants them; their text is kept
    "passages",
    "masked",  # places where personal data was masked
)
# One row per page, also of those without a passage.
SCHEMA: dict[str, type[pl.DataType]] = {
    "source": pl.String,
    "page": pl.String,
    **dict.fromkeys(COUNTED, pl.Int32),
}
