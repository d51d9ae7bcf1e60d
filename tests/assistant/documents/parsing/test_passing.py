"""Passages are whole blocks as far as they fit, and never longer than the encoder takes."""

import pytest
from assistant_documents import words

from include.assistant.documents.parsing.passing import Size, fitting, pieces
from include.assistant.documents.parsing.sections import Block

TITLES = ["FAQ", "Why?"]  # four tokens with the sign between them, and one for the text's start


def cut(*blocks: Block, most: int = 12, characters: int = 2000) -> list[str]:
    found = pieces(TITLES, blocks, Size(most, characters), words)
    assert all(len(piece.text) <= characters for piece in found)
    assert all(piece.tokens <= most for piece in found)
    return [piece.text for piece in found]


def sentence(count: int, word: str = "w") -> Block:
    return Block(" ".join([word] * count))


def test_blocks_that_fit_together_are_one_passage() -> None:
    assert cut(sentence(3, "a"), sentence(4, "b")) == ["a a a\nb b b b"]  # 3 + 2 + 7 = 12
    assert cut(sentence(3, "a"), sentence(5, "b")) == ["a a a", "b b b b b"]


def test_the_tokens_are_those_of_titles_and_text() -> None:
    [piece] = pieces(TITLES, [sentence(3)], Size(12, 2000), words)
    assert piece.tokens == 2 + 3 + 3  # [CLS] and [SEP]; FAQ, >, Why?; three words


def test_a_block_that_does_not_fit_is_cut_at_its_sentences() -> None:
    text = "One two three. Four five six. Seven eight."
    assert cut(Block(text), most=12) == ["One two three. Four five six.", "Seven eight."]
    assert cut(Block(text), most=9) == ["One two three.", "Four five six.", "Seven eight."]


def test_a_line_of_code_stays_whole_where_it_can() -> None:
    code = Block("a = 1 ;\nb = 2 ;\nc = 3 ;", code=True)
    found = cut(code, most=12)
    assert "\n".join(found) == code.text


@pytest.mark.parametrize("text", ["x" * 40, "x " * 40, "x.y-" * 30], ids=["word", "words", "signs"])
def test_what_has_no_sentence_is_cut_all_the_same(text: str) -> None:
    def letters(one: str) -> int:
        return len("".join(one.split())) + 2

    found = pieces(["T"], [Block(text)], Size(12, 2000), letters)
    assert all(piece.tokens <= 12 for piece in found)
    assert "".join("".join(piece.text for piece in found).split()) == "".join(text.split())


def test_what_leads_to_code_goes_with_it() -> None:
    code = Block("a b c d", code=True)
    assert cut(sentence(3), Block("So:"), code) == ["w w w", "So:\na b c d"]
    assert cut(Block("So:"), code, most=9) == ["So:", "a b c d"]


def test_titles_that_leave_no_room_lose_their_middle_then_their_ends() -> None:
    assert fitting(["A", "b c d e", "F"], Size(25, 2000), words) == [
        "A",
        "b c d e",
        "F",
    ]  # 2 + 6 + 2 of 10
    assert fitting(["A", "b c d e f", "G"], Size(25, 2000), words) == ["A", "G"]
    [first, last] = fitting(["A " * 30, "B"], Size(25, 2000), words)
    assert words(f"{first} > {last}") <= 10 and first.startswith("A A")


def test_a_word_that_is_one_token_is_cut_by_its_characters() -> None:
    assert cut(Block("a " + "b" * 40), characters=20) == ["a", "b" * 20, "b" * 20]
    found = cut(Block("c = 1\n" + "b" * 1000 + "\nd = 2", code=True), characters=100)
    assert "".join(found).replace("\n", "") == "c = 1" + "b" * 1000 + "d = 2"
    assert cut(Block("a" * 9), Block("b" * 10), characters=20) == ["a" * 9 + "\n" + "b" * 10]
    assert cut(Block("a" * 10), Block("b" * 10), characters=20) == ["a" * 10, "b" * 10]
    [title] = fitting(["t" * 1000], Size(25, 200), words)
    assert 60 < len(title) < 80  # two fifths of 200, with the line end after it


def test_rows_of_a_table_have_the_names_of_its_columns_above_them() -> None:
    head = "k | v"  # three tokens, of the seven that there is room for
    rows = [Block("a | 1", head=head), Block("b | 2", head=head), Block("c | 3 4 5 6", head=head)]
    assert cut(Block(head), *rows) == ["k | v\na | 1", "k | v\nb | 2", "c | 3 4 5 6"]
    assert cut(sentence(4), Block(head), *rows[:1]) == ["w w w w", "k | v\na | 1"]
