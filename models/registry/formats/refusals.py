"""Model files that can run code when they are opened, told by their content and refused with the way out."""

from __future__ import annotations

import io
import pickletools
import zipfile
import zlib
from pathlib import Path

from models.errors import InputError
from models.registry.intake.content import first_bytes

START = 4096
ENTRIES = 100_000

SKLEARN = """\
    # scikit-learn, to ONNX
    from skl2onnx import to_onnx
    open("model.onnx", "wb").write(to_onnx(model, X[:1]).SerializeToString())

    # scikit-learn, as it is
    import skops.io
    skops.io.dump(model, "model.skops")

    # LightGBM and XGBoost, as they are
    model.booster_.save_model("model.txt")
    model.save_model("model.ubj")"""
TORCH = """\
    # PyTorch, to ONNX; `example` is one batch of inputs
    import torch
    torch.onnx.export(model.eval(), (example,), "model.onnx", input_names=["features"], output_names=["scores"],
                      dynamic_axes={"features": {0: "rows"}, "scores": {0: "rows"}}, dynamo=False)"""
KERAS = """\
    # Keras, to ONNX
    model.export("model.onnx", format="onnx")"""


def refuse_unsafe(path: Path) -> None:
    """Look at what the file holds, whatever its name says; nothing of it is opened.

    Raises:
        InputError: it is a pickle, a joblib file, a PyTorch checkpoint or exported program, a Keras model, or weights
            without a model; the message names the formats that are read and shows the conversion.
    """
    start = first_bytes(path, START)
    if not start:
        raise InputError(f"{path.name} is empty.")
    if start.startswith(b"PK\x03\x04"):
        refuse_archive(path)
    elif start.startswith(b"\x89HDF"):
        raise refusal(path, "a Keras or HDF5 file, which can hold code", KERAS)
    elif is_pickle(start):
        raise refusal(path, "a Python pickle (joblib writes such files too), which can run any code", SKLEARN)
    elif is_pickle(inflated(start)):
        raise refusal(path, "a compressed Python pickle, which can run any code", SKLEARN)
    elif is_safetensors(start):
        raise refusal(path, "a safetensors file: weights without the network they belong to", TORCH)


def refusal(path: Path, what: str, conversion: str) -> InputError:
    return InputError(
        f"{path.name} is {what}, whatever its name says. It was not opened. Read are ONNX, skops, LightGBM text, "
        f"XGBoost JSON or UBJSON, and tables of predictions.\n\nTo convert:\n\n{conversion}"
    )


def refuse_archive(path: Path) -> None:
    """PyTorch and Keras store zip archives; their entries' names tell them. skops does too and is read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()[:ENTRIES]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return
    tails = {name.rsplit("/", 1)[-1] for name in names}
    if "data.pkl" in tails or "constants.pkl" in tails:
        raise refusal(
            path, "a PyTorch checkpoint or TorchScript archive, which holds a pickle that can run any code", TORCH
        )
    if (
        "serialized_exported_program.json" in tails
        or "archive_format" in tails
        or any(n.endswith(".pt2") for n in names)
    ):
        raise refusal(path, "a PyTorch exported program, which can hold pickles that run any code", TORCH)
    if "model.weights.h5" in tails:
        raise refusal(path, "a Keras model, which can hold code", KERAS)
    if any(name.endswith((".pkl", ".pickle", ".joblib")) for name in tails):
        raise refusal(path, "an archive with a Python pickle in it, which can run any code", SKLEARN)


def is_pickle(start: bytes) -> bool:
    """Whether bytes begin as a pickle of any protocol: a few of its instructions can be read one after the other.

    Protocols 2 and up have a mark of their own. The older ones are text and have none: they are told by beginning with
    a mark, a container or a global name, and by reading as pickle up to the end of what is looked at, or to a STOP.
    """
    if start[:1] == b"\x80" and start[1:2] and start[1] <= 5 and start[1] >= 2:
        return True
    if start[:1] not in (b"(", b"c", b"]", b"}", b")", b"i"):
        return False
    count, risky = 0, False
    try:
        for operation, _, _ in pickletools.genops(io.BytesIO(start)):
            count += 1
            risky = risky or operation.name in ("GLOBAL", "INST", "REDUCE", "BUILD", "OBJ", "PUT", "STOP")
    except (ValueError, IndexError, UnicodeDecodeError):
        return risky and count >= 3
    return risky and count >= 2


def inflated(start: bytes) -> bytes:
    """The first bytes behind zlib or gzip, as joblib writes them; empty where they are neither."""
    window = 47 if start[:2] == b"\x1f\x8b" else 15
    if window == 15 and start[:1] != b"\x78":
        return b""
    try:
        return zlib.decompressobj(window).decompress(start, START)
    except zlib.error:
        return b""


def is_safetensors(start: bytes) -> bool:
    """Eight bytes of length, then JSON."""
    return len(start) > 10 and 2 <= int.from_bytes(start[:8], "little") < 1 << 30 and start[8:10] == b'{"'
