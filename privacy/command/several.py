"""Options that take one value or several: --identifiers age sex, or --identifiers age --identifiers sex."""

from __future__ import annotations

from collections.abc import Iterator

import click


class SeveralValues(click.Command):
    """Gives each further value after an option that may be repeated the option's name, which is all that click knows.

    The command's arguments stand before such an option, or after another one.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(self._named(args)))

    def _named(self, args: list[str]) -> Iterator[str]:
        options = [each for each in self.params if isinstance(each, click.Option) and each.multiple]
        repeated = {name for each in options for name in each.opts}
        option, has_value = None, False
        for position, word in enumerate(args):
            if word == "--":
                yield from args[position:]
                return
            if word.startswith("-") and len(word) > 1:
                option, has_value = (word, False) if word in repeated else (None, False)
            elif option is not None and has_value:
                yield option
            else:
                has_value = True
            yield word
