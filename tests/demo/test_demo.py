"""What the demo promises of its data and its model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest

from demo import train
from demo.prepare import INPUTS, LABEL, SENSITIVE, clients, split


@pytest.fixture(scope="module")
def table():
    return clients()


@pytest.fixture(scope="module")
def model(table):
    return train.fit(split(table)[0])


def test_the_data_are_the_thirty_thousand_clients_whole(table):
    assert len(table) == 30_000
    assert table[LABEL].sum() == 6_636
    assert not table.isna().any().any()
    assert set(table["age_band"]) == {"under 30", "30-39", "40-49", "50 and over"}


def test_age_bands_start_where_they_say():
    import pandas as pd

    from demo.prepare import SOURCE

    ages = pd.read_parquet(SOURCE, columns=["age"])["age"]
    first = ages.groupby(clients()["age_band"]).agg(["min", "max"])
    assert first["min"].to_dict() == {"under 30": 21, "30-39": 30, "40-49": 40, "50 and over": 50}
    assert first["max"].to_dict() == {"under 30": 29, "30-39": 39, "40-49": 49, "50 and over": 79}


def test_no_sensitive_attribute_is_an_input_of_the_model():
    assert set(INPUTS).isdisjoint({*SENSITIVE, "age", LABEL})
    assert len(INPUTS) == 19


def test_nine_thousand_clients_are_held_out_and_the_same_every_time(table):
    learned, held_out = split(table)
    assert (len(learned), len(held_out)) == (21_000, 9_000)
    assert held_out.equals(split(clients())[1])
    together = np.sort(np.concatenate([learned["limit_bal"], held_out["limit_bal"]]))
    assert np.array_equal(together, np.sort(table["limit_bal"]))


def test_the_exported_model_is_the_same_every_time_and_scores_as_the_original(table, model, tmp_path: Path):
    learned, held_out = split(table)
    train.save_model(model, tmp_path / "once.onnx")
    train.save_model(train.fit(learned), tmp_path / "twice.onnx")
    assert (tmp_path / "once.onnx").read_bytes() == (tmp_path / "twice.onnx").read_bytes()
    train.check_equal(model, held_out, train.onnx_scores(tmp_path / "once.onnx", held_out))


def test_the_exported_model_carries_the_names_of_its_inputs(model, tmp_path: Path):
    train.save_model(model, tmp_path / "model.onnx")
    metadata = {entry.key: entry.value for entry in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert json.loads(metadata["feature_names"]) == list(INPUTS)


def test_a_model_exported_wrongly_is_refused(table, model):
    held_out = split(table)[1]
    with pytest.raises(RuntimeError, match="differ"):
        train.check_equal(model, held_out, np.full(len(held_out), 0.5))
