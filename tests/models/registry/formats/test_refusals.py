"""Files that can run code when they are opened: refused by their content, under any name, and never opened."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest

from models.errors import InputError
from models.registry.formats.discovery import recognised
from models.registry.formats.predict import inspect_in_sandbox

NAMES = ("model.onnx", "model.skops", "model.txt", "model.json", "model.pkl", "model")


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, bytes]]:
        return write_bytes, (str(self.mark), b"ran")


def write_bytes(path: str, data: bytes) -> None:
    Path(path).write_bytes(data)


def joblib_file(trap: Trap, compress: int) -> bytes:
    file = io.BytesIO()
    joblib.dump({"model": trap, "weights": np.zeros(100)}, file, compress=compress)
    return file.getvalue()


def archive(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as held:
        for name, data in entries.items():
            held.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return file.getvalue()


UNSAFE: dict[str, Callable[[Trap], bytes]] = {
    **{f"pickle {protocol}": lambda trap, p=protocol: pickle.dumps(trap, p) for protocol in range(6)},
    "pickle of a list": lambda trap: pickle.dumps([1, trap], 0),
    "joblib": lambda trap: joblib_file(trap, 0),
    "joblib, zlib": lambda trap: joblib_file(trap, 3),
    "pickle, gzip": lambda trap: gzip.compress(pickle.dumps(trap)),
    "pickle, zlib": lambda trap: zlib.compress(pickle.dumps(trap, 0)),
    "torch checkpoint": lambda trap: archive(m__data_dot_pkl=pickle.dumps(trap), m__version=b"3"),
    "torch, old": lambda trap: pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps(trap, 2),
    "torchscript": lambda trap: archive(m__constants_dot_pkl=b"x", m__code__m_dot_py=b"x"),
    "exported program": lambda trap: archive(m__archive_format=b"pt2", m__models__model_dot_json=b"{}"),
    "archive of a pickle": lambda trap: archive(schema_dot_json=b"{}", model_dot_pkl=pickle.dumps(trap)),
    "keras 3": lambda trap: archive(config_dot_json=b"{}", metadata_dot_json=b"{}", model_dot_weights_dot_h5=b"x"),
    "hdf5": lambda trap: b"\x89HDF\r\n\x1a\n" + b"\0" * 100,
    "safetensors": lambda trap: (20).to_bytes(8, "little") + b'{"w":{"dtype":"F32"}' + b"\0" * 8,
}


@pytest.mark.parametrize("what", UNSAFE)
def test_a_file_that_can_run_code_is_refused_under_every_name(what: str, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    content = UNSAFE[what](Trap(mark))
    for name in NAMES:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError, match="It was not opened") as refused:
            recognised(path)
        assert "ONNX" in str(refused.value)
        assert 'model.onnx"' in str(refused.value), "the conversion is shown"
    assert not mark.exists()


def test_a_pickle_called_onnx_is_refused_in_the_sandbox_by_its_owners_name(tmp_path: Path) -> None:
    stored = tmp_path / ("0" * 64)
    stored.write_bytes(pickle.dumps(Trap(tmp_path / "mark")))
    with pytest.raises(InputError, match=r"^credit\.onnx is a Python pickle"):
        inspect_in_sandbox(stored, tmp_path / "out", name="credit.onnx")
    assert not (tmp_path / "mark").exists()


def test_what_is_no_model_is_refused_with_the_formats_that_are(tmp_path: Path) -> None:
    for content in (b"hello, world\n" * 10, b"(not a pickle, but a poem)\n", b"category;number\n", b"<PMML/>"):
        path = tmp_path / "model.dat"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"is no model file that is read.*ONNX.*skops"):
            recognised(path)


@pytest.mark.parametrize("first", ["c", "(a)", "i", "]", "}x", "cos"])
def test_a_table_that_begins_like_an_old_pickle_is_a_table(tmp_path: Path, first: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"{first},score\n1,0.5\n")
    assert recognised(path).id == "predictions"
