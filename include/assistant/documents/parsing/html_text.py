"""The words of a piece of HTML that stands in a page of another format."""


def words_of(html: str) -> str:
    """All text of a piece of HTML in one line; comments and scripts are none."""
    if "<" not in html:
        return html
    from include.assistant.documents.parsing import html_pages

    sections = html_pages.sections_of(html)
    texts = [text for one in sections for text in (*one.titles[-1:], *(b.text for b in one.blocks))]
    return " ".join(texts)
