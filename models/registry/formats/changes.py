"""What became of a model between two of its versions, as far as their signatures tell."""

from __future__ import annotations

from dataclasses import dataclass

from models.registry.formats.format import Input, Signature


@dataclass(frozen=True, slots=True)
class SignatureChange:
    """Pairs are (before, after). `retyped` are inputs of one name whose type or tolerance of missing values changed;
    `reordered` says that the inputs that both have come in another order."""

    format: tuple[str, str]
    kind: tuple[str, str]
    classes: tuple[tuple[str, ...], tuple[str, ...]]
    width: tuple[int | None, int | None]
    rows: tuple[int | None, int | None]
    added: tuple[Input, ...]
    removed: tuple[Input, ...]
    retyped: tuple[tuple[Input, Input], ...]
    reordered: bool

    @property
    def takes_the_same(self) -> bool:
        """Whether what calls the one can call the other: the same inputs, by name, type and order."""
        return not (self.added or self.removed or self.retyped or self.reordered) and self.width[0] == self.width[1]

    @property
    def gives_the_same(self) -> bool:
        return self.kind[0] == self.kind[1] and self.classes[0] == self.classes[1]


def changes(before: Signature, after: Signature) -> SignatureChange:
    old = {each.name: each for each in before.inputs}
    new = {each.name: each for each in after.inputs}
    return SignatureChange(
        format=(before.format, after.format),
        kind=(before.kind, after.kind),
        classes=(before.classes, after.classes),
        width=(before.width, after.width),
        rows=(before.rows, after.rows),
        added=tuple(each for name, each in new.items() if name not in old),
        removed=tuple(each for name, each in old.items() if name not in new),
        retyped=tuple((old[name], new[name]) for name in new if name in old and old[name] != new[name]),
        reordered=[name for name in old if name in new] != [name for name in new if name in old],
    )
