"""XGBoost in its own JSON format, whether fitted by its own interface or by scikit-learn's."""

from __future__ import annotations

from typing import Any

from plumbline_client.errors import InvalidInput
from plumbline_client.model_files.kind import Asked, Kind, Written, origins
from plumbline_client.tables import safe


class XGBoost(Kind):
    rank = 10
    title = "XGBoost models"

    def takes(self, model: Any) -> bool:
        return "xgboost" in origins(model)

    def write(self, model: Any, asked: Asked) -> Written:
        if asked.to not in (None, "xgboost"):
            raise InvalidInput(f"An XGBoost model is sent in XGBoost's own format, not as {asked.to!r}.")
        try:
            booster = model.get_booster() if hasattr(model, "get_booster") else model
        except Exception as error:
            raise InvalidInput(f"The {type(model).__name__} is not fitted yet.") from error
        path = asked.folder / f"{safe(asked.name)}.json"
        booster.save_model(path)
        return Written(path)


KIND = XGBoost()
