"""What the training loop promises: it learns, stops, repeats itself and goes on."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from include.errors import PipelineError
from include.flights.tabm.checkpoints import Checkpoint
from include.flights.tabm.epochs import Progress, train
from include.flights.tabm.network import Network, Shape
from include.flights.tabm.trainer import Rows, Schedule, Trainer, Values, learning_rate

SHAPE = Shape(members=4, width=8, layers=2, bins=4, category_size=2, dropout_share=0.2)
SCHEDULE = Schedule(
    epochs=6,
    patience=6,
    choose_by="log_loss",
    batch_rows=64,
    learning_rate=0.02,
    warmup_share=0.2,
    weight_decay=0.01,
    seed=3,
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Two threads of a tiny matrix wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows(count: int, seed: int) -> Rows:
    """Late exactly when the first number is above 1 or the category is 2."""
    random = np.random.default_rng(seed)
    numbers = random.normal(size=(count, 3)).astype(np.float32)
    codes = random.integers(0, 4, (count, 1)).astype(np.int32)
    late = (numbers[:, 0] > 1) | (codes[:, 0] == 2)
    numbers[random.random((count, 3)) < 0.05] = np.nan
    return Rows(numbers, codes, late)


TRAIN, VALIDATION = rows(1000, 0), rows(300, 1)


def test_rows_that_lie_together_are_not_copied():
    middle = np.arange(1000) // 300 == 1
    part = TRAIN.where(middle)
    assert np.shares_memory(part.numbers, TRAIN.numbers)
    np.testing.assert_array_equal(part.numbers, TRAIN.numbers[300:600])
    assert part.late.tolist() == TRAIN.late[300:600].tolist()


def test_rows_that_lie_apart_are_found_one_by_one():
    part = TRAIN.where(np.arange(1000) % 2 == 0)
    np.testing.assert_array_equal(part.codes, TRAIN.codes[::2])
    assert len(TRAIN.where(np.zeros(1000, dtype=bool)).late) == 0


def network() -> Network:
    torch.manual_seed(3)
    net = Network(3, [4], SHAPE)
    net.numbers.cut(TRAIN.numbers)
    return net


def fit(folder: Path, schedule: Schedule = SCHEDULE) -> tuple[Network, Progress]:
    net, checkpoint = network(), Checkpoint(folder, "fit")
    progress = train(net, TRAIN, VALIDATION, schedule, schedule.epochs, checkpoint, lambda _: None)
    return net, progress


def equal(one: Network, two: Network) -> bool:
    pairs = zip(one.state_dict().values(), two.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def test_it_learns_a_rule_of_a_number_and_a_category(tmp_path: Path):
    _, progress = fit(tmp_path)
    assert len(progress.history) == 6
    assert progress.history[-1]["validation/auc"] > 0.95
    assert progress.history[-1]["validation/log_loss"] < progress.history[0]["validation/log_loss"]


def test_two_trainings_are_equal_to_the_last_bit(tmp_path: Path):
    (one, first), (two, second) = fit(tmp_path / "a"), fit(tmp_path / "b")
    assert equal(one, two) and first.history == second.history


def test_another_seed_gives_other_weights(tmp_path: Path):
    one, _ = fit(tmp_path / "a")
    two, _ = fit(tmp_path / "b", SCHEDULE.model_copy(update={"seed": 4}))
    assert not equal(one, two)


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_stopped_training_goes_on_to_the_same_end(
    after: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    undisturbed, expected = fit(tmp_path / "undisturbed")
    seen: list[Values] = []

    def stop(values: Values) -> None:
        seen.append(values)
        if len(seen) == after:
            raise KeyboardInterrupt

    checkpoint = Checkpoint(tmp_path / "stopped", "fit")
    with pytest.raises(KeyboardInterrupt):
        train(network(), TRAIN, VALIDATION, SCHEDULE, 6, checkpoint, stop)
    recorded: list[Values] = []
    net = network()
    progress = train(net, TRAIN, VALIDATION, SCHEDULE, 6, checkpoint, recorded.append)
    assert f"goes on after epoch {after}\n" in capsys.readouterr().out
    assert equal(net, undisturbed)
    assert (progress.history, progress.best_epoch) == (expected.history, expected.best_epoch)
    assert recorded == expected.history


def test_the_weights_of_the_best_epoch_are_kept(tmp_path: Path):
    progress = Progress()
    for score in (0.5, 0.7, 0.6):
        progress.keep({}, score, {"weight": torch.tensor(score)})
    assert (progress.best_epoch, progress.best_score) == (2, 0.7)
    assert progress.best_weights["weight"] == torch.tensor(0.7)


def test_training_stops_after_so_many_epochs_without_gain():
    progress, patient = Progress(), SCHEDULE.model_copy(update={"patience": 2})
    stops = []
    for score in (0.5, 0.7, 0.6, 0.7):
        progress.keep({}, score, {})
        stops.append(progress.finished(patient, 6))
    assert stops == [False, False, False, True]


def test_without_validation_all_epochs_are_trained(tmp_path: Path):
    net = network()
    progress = train(net, TRAIN, None, SCHEDULE, 2, Checkpoint(tmp_path, "refit"), lambda _: None)
    assert (len(progress.history), progress.best_epoch) == (2, 2)
    assert set(progress.history[0]) == {"learning_rate", "train/log_loss"}


def test_the_step_size_rises_then_falls_to_zero():
    schedule = SCHEDULE.model_copy(update={"epochs": 10, "learning_rate": 0.1, "warmup_share": 0.2})
    rates = [learning_rate(schedule, epoch) for epoch in (0, 1, 2, 6, 10)]
    assert rates == pytest.approx([0.0005, 0.05, 0.1, 0.05, 0.0], abs=3e-4)


def test_a_batch_larger_than_the_data_takes_all_of_it(tmp_path: Path):
    _, progress = fit(tmp_path, SCHEDULE.model_copy(update={"batch_rows": 10_000}))
    assert len(progress.history) == 6


def test_a_category_that_training_never_saw_stays_the_zero_vector(tmp_path: Path):
    known = Rows(TRAIN.numbers, np.maximum(TRAIN.codes, 1), TRAIN.late)
    net = network()
    train(net, known, VALIDATION, SCHEDULE, 6, Checkpoint(tmp_path, "fit"), lambda _: None)
    assert (net.categories.table.weight[0] == 0).all()


def test_a_loss_that_is_no_number_names_epoch_and_step_size():
    net = network()
    with torch.no_grad():
        net.stem.weight.fill_(float("nan"))
    trainer = Trainer(net, SCHEDULE, mixed=False)
    with pytest.raises(PipelineError) as caught:
        trainer.epoch(3, TRAIN.tensors(torch.device("cpu")))
    assert str(caught.value) == (
        "The loss of epoch 3 is nan at a learning rate of 0.014.\n"
        "  Next: lower train_torch.learning_rate in params.yaml."
    )


def test_mixed_precision_learns_too():
    """The arithmetic of a GPU, on the CPU: half precision with a scaled loss."""
    trainer = Trainer(network(), SCHEDULE, mixed=True)
    tensors = TRAIN.tensors(torch.device("cpu"))
    losses = [trainer.epoch(number, tensors)["train/log_loss"] for number in range(1, 5)]
    assert losses[-1] < losses[0] - 0.1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_a_gpu_learns_the_same_rule(tmp_path: Path):
    net = network().to("cuda")
    checkpoint = Checkpoint(tmp_path, "fit")
    progress = train(net, TRAIN, VALIDATION, SCHEDULE, 6, checkpoint, lambda _: None)
    assert progress.history[-1]["validation/auc"] > 0.95
