"""What the stage tune_generator promises, on a model that learns in a second."""

import json

import polars as pl
import pytest
from assistant_generator import tiny_llama

from include.assistant.answering.prompt import read_prompt
from include.assistant.generator import tune_generator as stage
from include.assistant.generator.examples import Making, Reader, Tokens, make, parted
from include.assistant.generator.lora import Adapters
from include.assistant.generator.training import Learning, rate
from include.assistant.generator.tune_generator import Params, tune_generator
from include.assistant.passages import SCHEMA
from include.errors import DataError, PipelineError

LEARNING = Learning(epochs=2, learning_rate=0.03, batch=2, warmup_share=0.1, longest=4000, seed=7)
MAKING = Making(
    most=8, validation_share=0.25, passages=2, sentences=1, unanswerable_share=0.25, seed=7
)
PARAMS = Params(
    prompt="answer_from_passages",
    examples=MAKING,
    adapters=Adapters(rank=4, alpha=8, targets=("q_proj", "v_proj")),
    learning=LEARNING,
    device="cpu",
    threads=1,
    merge=True,
)
PROMPT = read_prompt("answer_from_passages")


def passages(pages: int = 6) -> pl.DataFrame:
    """Two sections a page, each with a heading and a sentence that says it."""
    rows = [
        {
            "id": f"{page}{part}", "source": "docs", "page": f"{page}.md", "section": f"s{page}{part}",
            "titles": ["Docs", f"Restart service {page}{part}"], "position": 0,
            "text": f"Service {page}{part} is restarted by its owner at noon.", "tokens": 9,
            "licence": "Apache-2.0", "url": "", "masked": 0,
        }
        for page in range(pages)
        for part in "ab"
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=SCHEMA)


# It stands on one page, and is answered on another.
ASKED = pl.DataFrame({"source": ["docs"], "page": ["0.md"], "gold": [["s1a"]]})


@pytest.fixture
def inputs(tmp_path):
    """The folders that the stage reads; the prompt without its examples, to be quick."""
    tiny_llama(tmp_path / "base")
    for name, table in (("passages", passages()), ("questions", ASKED)):
        (tmp_path / name).mkdir()
        table.write_parquet(tmp_path / name / f"{name}.parquet")
    return tmp_path


@pytest.fixture(autouse=True)
def short_prompt(monkeypatch):
    """The prompt as it is, but for its length: a letter is a token here."""
    short = {"system": "Cite {mark}.", "user": "{passages}\n{question}", "examples": ()}
    prompt = PROMPT.__class__(PROMPT.file.model_copy(update=short), PROMPT.sha)
    monkeypatch.setattr(stage, "read_prompt", lambda name: prompt)


def run(folder, name: str, params: Params = PARAMS) -> dict[str, float]:
    tune_generator(
        folder / "base", folder / "passages", folder / "questions", folder / name,
        folder / f"{name}.json", params,
    )  # fmt: skip
    return json.loads((folder / f"{name}.json").read_text())


def test_the_loss_of_pages_that_it_did_not_see_falls_and_the_base_stays(inputs):
    base = (inputs / "base/model.safetensors").read_bytes()
    found = run(inputs, "a")
    assert found["loss_after"] < found["loss_before"] - 0.1
    assert found["train_examples"] + found["validation_examples"] == 8
    assert found["prompt"] == PROMPT.label
    assert (inputs / "base/model.safetensors").read_bytes() == base
    assert run(inputs, "b") == found
    names = ["adapter_config.json", "adapter_model.safetensors", "model.safetensors"]
    assert sorted(path.name for path in (inputs / "a").iterdir()) == names
    for name in names:
        assert (inputs / "a" / name).read_bytes() == (inputs / "b" / name).read_bytes()


def test_no_page_that_asks_or_answers_a_question_is_learned_from():
    made = make(passages(), ASKED, PROMPT, MAKING.model_copy(update={"most": 99}))
    assert {example.page for example in made} == {f"docs/{page}.md" for page in range(2, 6)}
    train, judge = parted(made, 0.25, 7)
    assert not {one.page for one in train} & {one.page for one in judge} and train and judge


def test_an_example_cites_the_passage_that_says_so_or_nothing():
    made = make(passages(), ASKED, PROMPT, MAKING.model_copy(update={"most": 99}))
    replies = [json.loads(example.reply) for example in made]
    for example, reply in zip(made, replies, strict=True):
        for sentence in reply["sentences"]:
            [number] = sentence["passages"]
            asked = example.messages[-1]["content"].split(f"<passage {number} ")[1]
            assert sentence["text"] in asked.split("</passage")[0]
    kinds = {reply["answerable"] for reply in replies}
    assert kinds == {True, False} and all(
        reply["answerable"] == bool(reply["sentences"]) for reply in replies
    )


def test_examples_follow_from_the_seed():
    again = make(passages().sample(fraction=1, shuffle=True, seed=1), ASKED, PROMPT, MAKING)
    assert again == make(passages(), ASKED, PROMPT, MAKING)
    assert again != make(passages(), ASKED, PROMPT, MAKING.model_copy(update={"seed": 8}))


def test_only_the_reply_and_its_end_are_learned(tmp_path):
    reader = Reader(tiny_llama(tmp_path / "base"))
    example = make(passages(), ASKED, PROMPT, MAKING)[0]
    tokens = reader.tokens(example)
    learned = tokens.numbers[tokens.reply_at :]
    assert len(learned) == len(example.reply) + 1 and learned[-1] == 2  # </s>
    assert isinstance(tokens, Tokens) and tokens.numbers[:1] == [1]  # <s>


def test_the_rate_goes_up_and_then_down_in_a_line():
    assert [rate(step, 10, 0.2) for step in (0, 1, 2, 6, 10)] == pytest.approx(
        [1 / 3, 2 / 3, 1, 0.5, 0]
    )


def test_examples_that_are_all_too_long_say_so(inputs):
    short = PARAMS.model_copy(update={"learning": LEARNING.model_copy(update={"longest": 8})})
    with pytest.raises(DataError, match="Of 8 examples, 0 are to learn from and 0 to judge by"):
        run(inputs, "a", short)


def test_a_gpu_that_is_not_there_is_said():
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(PipelineError, match="this machine has no GPU"):
        stage.prepare(PARAMS.model_copy(update={"device": "cuda"}))


def test_a_model_without_a_template_of_a_conversation_is_refused(tmp_path):
    base = tiny_llama(tmp_path / "base")
    (base / "tokenizer_config.json").write_text("{}")
    with pytest.raises(DataError, match="has no chat template"):
        Reader(base)
    (base / "tokenizer.json").unlink()
    with pytest.raises(DataError, match="has no tokenizer"):
        Reader(base)
