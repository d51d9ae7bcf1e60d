"""What the curves promise: one file for each value, as `dvc plots` reads them."""

from pathlib import Path

from include.flights.models.curves import Curves


def test_each_value_has_a_file_with_a_line_for_each_epoch(tmp_path: Path):
    record = Curves(tmp_path / "curves")
    record({"learning_rate": 1e-05, "train/log_loss": 0.5})
    record({"learning_rate": 2e-05, "train/log_loss": 0.25})
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path).as_posix(): path.read_text() for path in files} == {
        "curves/plots/metrics/learning_rate.tsv": "step\tlearning_rate\n0\t1e-05\n1\t2e-05\n",
        "curves/plots/metrics/train/log_loss.tsv": "step\tlog_loss\n0\t0.5\n1\t0.25\n",
    }


def test_a_training_of_no_epoch_has_a_folder_all_the_same(tmp_path: Path):
    Curves(tmp_path / "curves")
    assert list((tmp_path / "curves").iterdir()) == []
