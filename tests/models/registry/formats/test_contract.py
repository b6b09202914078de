"""What every format promises, asked of each that discovery finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from models.errors import InputError
from models.registry.formats.classes import positive_score
from models.registry.formats.discovery import formats, recognised
from models.registry.formats.format import Signature
from models.registry.formats.matching import matched_columns
from models.registry.formats.predict import inspect_in_sandbox, predict_in_sandbox
from models.registry.intake.read import open_table
from tests.models.registry.formats.examples import EXAMPLES, Example

SMALL_DIFFERENCE = 1e-6


@pytest.fixture(scope="module", params=sorted(formats()))
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Example:
    return EXAMPLES[request.param](tmp_path_factory.mktemp(request.param))


def test_every_format_has_an_example_here() -> None:
    assert set(formats()) == set(EXAMPLES)


def test_a_file_is_recognised_by_its_content_under_any_name(example: Example, tmp_path: Path) -> None:
    renamed = tmp_path / "file.bin"
    renamed.write_bytes(example.path.read_bytes())
    assert [each.id for each in formats().values() if each.recognises(renamed)] == [recognised(example.path).id]


def test_the_signature_comes_back_from_json(example: Example) -> None:
    signature = recognised(example.path).inspect(example.path)
    assert Signature.from_json(json.loads(json.dumps(signature.to_json()))) == signature


def test_predictions_equal_the_originals(example: Example) -> None:
    each = recognised(example.path)
    signature = each.inspect(example.path)
    table = example.table.select([found.name for found in signature.inputs]) if signature.inputs else example.table
    found = positive_score(each.predict(example.path, table, signature), signature, "1")
    assert found is not None
    assert np.abs(found - example.scores).max() < SMALL_DIFFERENCE


def test_predictions_in_the_sandbox_equal_the_originals(example: Example, tmp_path: Path) -> None:
    data = tmp_path / "people.csv"
    example.frame.to_csv(data, index=False)
    file = predict_in_sandbox(example.path, data, tmp_path / "out", positive="1")
    found = pa.ipc.open_file(str(file.path)).read_all()
    assert file.rows == found.num_rows == len(example.frame)
    assert np.abs(found.column("score").to_numpy() - example.scores).max() < SMALL_DIFFERENCE


def test_the_columns_are_found_in_any_order(example: Example, tmp_path: Path) -> None:
    signature = recognised(example.path).inspect(example.path)
    data = tmp_path / "people.parquet"
    example.frame[example.frame.columns[::-1]].assign(more=1).to_parquet(data)
    assert list(matched_columns(signature, open_table(data).columns)) == [each.name for each in signature.inputs]


@pytest.mark.parametrize("share", [0.5, 0.98])
def test_a_file_that_is_cut_short_is_refused(example: Example, tmp_path: Path, share: float) -> None:
    content = example.path.read_bytes()
    cut = tmp_path / example.path.name
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError):
        recognised(cut).inspect(cut)


def test_a_file_of_noise_under_a_known_name_is_refused_in_the_sandbox(example: Example, tmp_path: Path) -> None:
    noise = tmp_path / example.path.name
    noise.write_bytes(np.random.default_rng(0).bytes(5000).replace(b"\0", b"\1"))
    with pytest.raises(InputError):
        inspect_in_sandbox(noise, tmp_path / "out")
