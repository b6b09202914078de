"""LightGBM's and XGBoost's own files: every index and number of them is checked before their readers see it."""

from __future__ import annotations

import json
import re
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.errors import InputError
from models.registry.formats import lightgbm_text, ubjson, xgboost_model
from models.registry.formats.xgboost_model import MissingGroup
from tests.models.registry.formats.examples import lightgbm_example, numbers, xgboost_example


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return lightgbm_example(tmp_path_factory.mktemp("lightgbm")).path.read_text()


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> str:
    return xgboost_example(tmp_path_factory.mktemp("xgboost")).path.with_suffix(".json").read_text()


def with_sizes(text: str) -> str:
    """The text with its trees' sizes declared as they are, so that nothing but the change itself is wrong."""
    rest = text.partition("\nTree=0")[2]
    trees = re.findall(r"Tree=.*?(?=\nTree=|\nend of trees)", f"Tree=0{rest}", flags=re.S)
    return re.sub(r"tree_sizes=.*", "tree_sizes=" + " ".join(str(len(tree) + 1) for tree in trees), text)


def test_sizes_are_recomputed_as_lightgbm_writes_them(text: str) -> None:
    assert with_sizes(text) == text


TEXT_CHANGES: dict[str, tuple[str, str]] = {
    "a billion features": ("max_feature_idx=2", "max_feature_idx=999999999"),
    "a feature that is not there": (r"split_feature=\d+", "split_feature=7"),
    "a feature below the first": (r"split_feature=\d+", "split_feature=-1"),
    "a child that is not there": (r"left_child=\S+", "left_child=99"),
    "a tree in a circle": (r"left_child=\S+", "left_child=0"),
    "a leaf that is not there": (r"left_child=\S+", "left_child=-99"),
    "a threshold beyond all numbers": (r"threshold=\S+", "threshold=1e999"),
    "a threshold that is no number": (r"threshold=\S+", "threshold=nan"),
    "a leaf that is no number": (r"leaf_value=\S+", "leaf_value=abc"),
    "a billion leaves": (r"num_leaves=\d+", "num_leaves=1000000000"),
    "fewer leaves than declared": (r"num_leaves=\d+", "num_leaves=9"),
    "an odd decision": (r"decision_type=\d+", "decision_type=255"),
    "categories that are not there": (r"num_cat=\d+", "num_cat=5"),
    "linear trees": (r"is_linear=0", "is_linear=1"),
    "a billion classes": ("num_class=1", "num_class=1000000000"),
}


@pytest.mark.parametrize("what", TEXT_CHANGES)
def test_a_lightgbm_model_with_a_number_out_of_range_is_refused(what: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    changed = re.sub(*TEXT_CHANGES[what], text, count=1)
    assert changed != text
    path.write_text(with_sizes(changed))
    with pytest.raises(InputError, match=r"damaged|linear"):
        lightgbm_text.FORMAT.inspect(path)


def test_a_lightgbm_model_with_lying_sizes_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    path.write_text(re.sub(r"tree_sizes=\d+", "tree_sizes=99999999", text))
    with pytest.raises(InputError, match="tree 0 is declared with 99999999 bytes"):
        lightgbm_text.FORMAT.inspect(path)


def test_a_lightgbm_model_of_no_objective_gives_a_plain_score(tmp_path: Path) -> None:
    import lightgbm

    frame, label = numbers()
    model = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1, num_threads=1).fit(frame.to_numpy(), label)
    model.booster_.save_model(tmp_path / "model.txt")
    signature = lightgbm_text.FORMAT.inspect(tmp_path / "model.txt")
    assert (signature.classes, signature.width, signature.inputs) == ((), 2, ())
    found = lightgbm_text.FORMAT.predict(tmp_path / "model.txt", pa.Table.from_pandas(frame), signature).scores
    assert found is not None
    assert np.abs(found[:, 0] - model.predict(frame.to_numpy())).max() < 1e-12


def tree(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["learner"]["gradient_booster"]["model"]["trees"][0]
    return found


def setting(field: str, value: Any, place: int | None = 0) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        if place is None:
            tree(document)[field] = value
        else:
            tree(document)[field][place] = value

    return change


DOCUMENT_CHANGES: dict[str, Callable[[dict[str, Any]], None]] = {
    "a child that is not there": setting("left_children", 10**6),
    "a tree in a circle": setting("left_children", 0),
    "a node with one child": setting("right_children", -1),
    "a feature that is not there": setting("split_indices", 10**6),
    "a number beyond all numbers": setting("split_conditions", 1e300),
    "text for a number": setting("split_conditions", "1"),
    "fewer nodes than declared": setting("left_children", [1], None),
    "categories that are not there": setting("categories_sizes", [10**6], None),
    "categories out of range": setting("categories", [-5], None),
    "a tree without its nodes": lambda document: tree(document).pop("left_children"),
    "a billion nodes": lambda document: tree(document)["tree_param"].update(num_nodes="1000000000"),
    "a billion features": lambda document: document["learner"]["learner_model_param"].update(num_feature="1000000000"),
    "a tree of no class": lambda document: document["learner"]["gradient_booster"]["model"]["tree_info"].__setitem__(
        0, 9
    ),
    "a model without trees": lambda document: document["learner"].pop("gradient_booster"),
    "a list": lambda document: document.update(learner=[1, 2, 3]),
}


@pytest.mark.parametrize("what", DOCUMENT_CHANGES)
def test_an_xgboost_model_with_a_number_out_of_range_is_refused(what: str, document: str, tmp_path: Path) -> None:
    changed = json.loads(document)
    DOCUMENT_CHANGES[what](changed)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(changed))
    with pytest.raises(InputError, match="damaged"):
        xgboost_model.FORMAT.inspect(path)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999"])
def test_an_xgboost_model_with_what_is_no_number_is_refused(value: str, document: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(re.sub(r'"split_conditions":\[[^,]*', f'"split_conditions":[{value}', document, count=1))
    with pytest.raises(InputError, match="out of range"):
        xgboost_model.FORMAT.inspect(path)


def test_json_nested_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text('{"learner":' + "[" * 200_000)
    with pytest.raises(InputError):
        xgboost_model.FORMAT.inspect(path)


def test_without_xgboost_the_message_has_the_line_that_installs_it(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    path = tmp_path / "model.json"
    path.write_text(document)
    with pytest.raises(MissingGroup, match='make install WITH="xgboost"'):
        xgboost_model.FORMAT.inspect(path)


def test_json_and_ubjson_say_the_same(tmp_path: Path) -> None:
    example = xgboost_example(tmp_path)
    one, other = ubjson.parsed(example.path.read_bytes()), json.loads(example.path.with_suffix(".json").read_text())
    conditions = (np.float32(tree(each)["split_conditions"]) for each in (one, other))
    assert np.array_equal(*conditions)
    assert one["learner"]["feature_names"] == other["learner"]["feature_names"]
    assert tree(one)["left_children"] == tree(other)["left_children"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{U\x03abc",
        b"[" * 100 + b"Z",
        b"[$l#l" + struct.pack(">i", 2**31 - 1),
        b"[$l#l" + struct.pack(">i", -1),
        b"[$Z#L" + struct.pack(">q", 2**40),
        b"[$l",
        b"Sl" + struct.pack(">i", -5),
        b"SU\x02\xff\xff",
        b"{U\x01aZU\x01aZ}",
        b"Z extra",
        b"q",
    ],
)
def test_broken_ubjson_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        ubjson.parsed(data)
