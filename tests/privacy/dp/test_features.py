"""How columns become numbers without telling of the rows: declared bounds, bought bounds, and the same in the file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from models.errors import InputError
from privacy.dp.bought import Price, bin_edges, bought_features
from privacy.dp.features import Levels, Number, encode, read_bounds
from privacy.dp.randomness import Seeded

FRAME = pd.DataFrame(
    {
        "age": [18.0, 60.0, None, 500.0],
        "sex": ["f", "m", "x", None],
        "code": [1, 3, 2, 9],
        "score": [-1.0, 0, 1, math.inf],
    }
)
FEATURES = (Number("age", 20, 80), Levels("sex", ("f", "m")), Levels("code", (1, 2, 3)), Number("score", -1, 1))


def bounds_file(folder: Path, text: str) -> Path:
    file = folder / "bounds.yaml"
    file.write_text(text)
    return file


def test_values_are_cut_scaled_and_missing_ones_marked() -> None:
    assert encode(FRAME, FEATURES).tolist() == [
        [-1, 0, 1, 0, 1, 0, 0, -1, 0],
        [pytest.approx(1 / 3), 0, 0, 1, 0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0, 1, 0, 1, 0],
        [1, 0, 0, 0, 0, 0, 0, 0, 1],
    ]


def test_a_file_of_bounds_is_yaml_or_json(tmp_path: Path) -> None:
    text = "age: [20, 80]\nsex: [f, m]\ncode: {levels: [1, 2, 3]}\nscore: {low: -1, high: 1}\n"
    found = read_bounds(bounds_file(tmp_path, text))
    assert tuple(found.values()) == FEATURES
    as_json = json.dumps({name: each.to_json() for name, each in found.items()})
    assert read_bounds(bounds_file(tmp_path, as_json)) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "name columns"),
        ("- a", "name columns"),
        ("a: {", "no YAML or JSON"),
        ("age: 5", "neither bounds"),
        ("age: {low: 1}", "neither bounds"),
        ("age: [80, 20]", "the lower one first"),
        ("age: {low: .nan, high: 1}", "the lower one first"),
        ("sex: []", "1 to 1,000 levels"),
        ("sex: [f, f]", "each once"),
        ("a: !!python/object/apply:os.system [id]", "no YAML or JSON"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_bounds(bounds_file(tmp_path, text))


def people(rows: int = 20_000) -> pd.DataFrame:
    drawn = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "age": drawn.integers(18, 90, rows),
            "income": drawn.lognormal(10, 0.5, rows),
            "land": drawn.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1]),
            "member": drawn.random(rows) < 0.5,
        }
    )


def test_bought_bounds_hold_nearly_all_rows_and_bought_levels_are_the_frequent_ones() -> None:
    frame = people()
    age, income, land, member = bought_features(frame, list(frame), Price(10.0, 1e-6), Seeded(0))
    assert age == Number("age", 16, 128)
    assert isinstance(income, Number)
    assert frame["income"].between(income.low, income.high).mean() > 0.99
    assert land == Levels("land", ("a", "b", "c"))
    assert member == Levels("member", ("False", "True"))


def test_a_level_of_one_row_is_told_no_oftener_than_promised() -> None:
    """One person has a level of their own; with 1 in 5 hidden it shows in at most about 1 in 5 releases."""
    frame = pd.DataFrame({"land": ["a"] * 500 + ["only mine"]})
    source, told = Seeded(3), 0
    for _ in range(1_000):
        (land,) = bought_features(frame, ["land"], Price(2.0, 0.2), source)
        assert isinstance(land, Levels)
        told += "only mine" in land.values
    assert told / 1_000 == pytest.approx(0.2, abs=4 * math.sqrt(0.16 / 1_000))


def test_the_noise_covers_all_columns_together() -> None:
    """One more row changes one bin of each of d histograms by 1, so each bin needs sqrt(d) times the noise."""
    drawn: list[float] = []

    class Spy(Seeded):
        def normal(self, size: int) -> np.ndarray:
            drawn.append(size)
            return np.zeros(size)

    frame = people(1_000)[["age", "income"]]
    bought_features(frame, ["age", "income"], Price(1.0, 1e-6), Spy(0))
    assert drawn == [len(bin_edges()) - 1] * 2
    threshold = math.sqrt(2) * norm.isf(0.01 / drawn[0])
    few = pd.DataFrame({"age": [30] * int(threshold), "income": [5.0] * int(threshold)})
    with pytest.raises(InputError, match="leaves no bounds of 'age'"):
        bought_features(few, ["age", "income"], Price(1.0, 1e-6), Spy(0))
    assert bought_features(pd.concat([few, few.head(1)]), ["age"], Price(1.0, 1e-6), Spy(0))


def test_the_file_scores_as_the_network() -> None:
    torch = pytest.importorskip("torch", reason="the privacy group is not installed")
    import onnxruntime

    from privacy.dp.export import to_onnx
    from privacy.dp.network import logits, new_network

    torch.set_num_threads(1)
    encoded = torch.from_numpy(encode(FRAME, FEATURES))
    network = new_network((encoded.shape[1], 8, 3), 0)
    content = to_onnx(network, FEATURES, ["no", "maybe", "yes"], {"privacy": "epsilon 1"})
    assert content == to_onnx(network, FEATURES, ["no", "maybe", "yes"], {"privacy": "epsilon 1"})
    session = onnxruntime.InferenceSession(content)
    given = {
        "age": FRAME[["age"]].to_numpy(),
        "sex": FRAME[["sex"]].fillna("").to_numpy(object),
        "code": FRAME[["code"]].to_numpy(np.int64),
        "score": FRAME[["score"]].to_numpy(),
    }
    [found] = session.run(["probabilities"], given)
    assert np.abs(found - torch.softmax(logits(network, encoded), 1).numpy()).max() < 1e-6
    assert session.get_modelmeta().custom_metadata_map["classes"] == '["no", "maybe", "yes"]'
