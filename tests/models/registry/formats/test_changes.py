"""What became of a model between two versions: what it takes and what it gives."""

from __future__ import annotations

from dataclasses import replace

from models.registry.formats.changes import changes
from models.registry.formats.format import Input, Signature

AGE, INCOME = Input("age", "number"), Input("income", "number")
MODEL = Signature("onnx", (AGE, INCOME), ("score",), "score", ("no", "yes"))


def test_the_same_signature_takes_and_gives_the_same():
    found = changes(MODEL, replace(MODEL, format="skops"))
    assert found.takes_the_same
    assert found.gives_the_same
    assert found.format == ("onnx", "skops")


def test_added_removed_and_retyped_inputs_are_named():
    new = replace(MODEL, inputs=(Input("age", "integer"), Input("debt", "number")))
    found = changes(MODEL, new)
    assert [each.name for each in found.added] == ["debt"]
    assert [each.name for each in found.removed] == ["income"]
    assert [(old.type, now.type) for old, now in found.retyped] == [("number", "integer")]
    assert not found.takes_the_same


def test_an_input_that_no_longer_takes_missing_values_is_another_one():
    assert changes(MODEL, replace(MODEL, inputs=(replace(AGE, missing=False), INCOME))).retyped


def test_the_order_of_inputs_matters():
    found = changes(MODEL, replace(MODEL, inputs=(INCOME, AGE)))
    assert found.reordered
    assert not found.takes_the_same


def test_a_matrix_of_another_width_is_not_the_same():
    wide = replace(MODEL, inputs=(), width=10)
    assert changes(wide, wide).takes_the_same
    assert not changes(wide, replace(wide, width=11)).takes_the_same


def test_other_classes_or_another_order_of_them_give_something_else():
    for classes in (("yes", "no"), ("no", "maybe", "yes"), ()):
        assert not changes(MODEL, replace(MODEL, classes=classes)).gives_the_same
    assert not changes(MODEL, replace(MODEL, kind="label")).gives_the_same
