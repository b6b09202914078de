"""LightGBM in its own text format, whether fitted by its own interface or by scikit-learn's."""

from __future__ import annotations

from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.kind import Asked, Kind, Written, origins
from plumbline_client.tables import safe


class LightGBM(Kind):
    rank = 10
    title = "LightGBM models"

    def takes(self, model: Any) -> bool:
        return "lightgbm" in origins(model)

    def write(self, model: Any, asked: Asked) -> Written:
        if asked.to not in (None, "lightgbm"):
            raise InvalidInput(f"A LightGBM model is sent in LightGBM's own format, not as {asked.to!r}.")
        try:
            booster = getattr(model, "booster_", model)
        except Exception as error:
            raise InvalidInput(f"The {type(model).__name__} is not fitted yet.") from error
        path = asked.folder / f"{safe(asked.name)}.txt"
        booster.save_model(str(path))
        return Written(path)


KIND = LightGBM()
