"""Where a version comes from and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from models.registry.audited import audits_of
from models.registry.models import DatasetVersion, ModelVersion

MOST = 5  # of each sort; the rest is counted


@dataclass(frozen=True, slots=True)
class Kin:
    """One thing on the way: how it is related, what it is, where its page is, and an audit's verdict."""

    words: str
    name: str
    address: str
    verdict: str = ""
    origins: tuple[Kin, ...] = ()


@dataclass(frozen=True, slots=True)
class Lineage:
    """`more` counts what `outcomes` leaves out."""

    origins: tuple[Kin, ...]
    outcomes: tuple[Kin, ...]
    more: int

    @property
    def is_alone(self) -> bool:
        return not self.origins and not self.outcomes

    @property
    def versions(self) -> Lineage:
        """Without the audits, which are no step on the way."""
        return Lineage(self.origins, tuple(each for each in self.outcomes if not each.verdict), self.more)


def with_lineage(versions: Any) -> Any:
    """Load with each version what it was made from, two steps back."""
    data: tuple[str, ...]
    same: tuple[str, ...]
    if versions.model is ModelVersion:
        data = ("trained_on", "trained_on__derived_from", "derived_from__trained_on")
        same = ("derived_from", "derived_from__derived_from")
        related = ["model", *(f"{each}__dataset" for each in data), *(f"{each}__model" for each in same)]
    else:
        data, same = ("derived_from", "derived_from__derived_from"), ()
        related = ["dataset", *(f"{each}__dataset" for each in data)]
    large = (*(f"{each}__stored_profile" for each in data), *(f"{each}__stored_signature" for each in same))
    return versions.select_related("created_by", "erasure", *related).defer(*large)


def lineage_of(version: ModelVersion | DatasetVersion) -> Lineage:
    outcomes, more = [], 0
    for words, found in descendants(version):
        first = list(found[: MOST + 1])
        outcomes += [kin(words, each) for each in first[:MOST]]
        more += found.count() - MOST if len(first) > MOST else 0
    return Lineage(tuple(origins(version)), tuple(outcomes), more)


def origins(version: Any, steps: int = 2) -> list[Kin]:
    """What it was made from, and what that was made from."""
    found: list[tuple[str, Any]] = []
    if isinstance(version, ModelVersion) and version.trained_on_id:
        found.append(("Trained on", version.trained_on))
    if version.derived_from_id:
        found.append(("Made from", version.derived_from))
    return [kin(words, each, tuple(origins(each, steps - 1)) if steps > 1 else ()) for words, each in found]


def descendants(version: ModelVersion | DatasetVersion) -> list[tuple[str, Any]]:
    """What came of it: versions and audits, as queries."""
    organisation = version.organisation_id
    if isinstance(version, ModelVersion):
        made = ModelVersion.objects.of(organisation).filter(derived_from=version).select_related("model")
        audits = audits_of(organisation).filter(model=version).only("created_at", "verdict")
        return [("Made from it", made.defer("stored_signature").order_by("-created_at")), ("Audited", audits)]
    made_data = DatasetVersion.objects.of(organisation).filter(derived_from=version).select_related("dataset")
    trained = ModelVersion.objects.of(organisation).filter(trained_on=version).select_related("model")
    audits = audits_of(organisation).filter(dataset=version).only("created_at", "verdict")
    return [
        ("Made from it", made_data.defer("stored_profile").order_by("-created_at")),
        ("Trained on it", trained.defer("stored_signature").order_by("-created_at")),
        ("Audited on it", audits),
    ]


def kin(words: str, thing: Any, origins: tuple[Kin, ...] = ()) -> Kin:
    if isinstance(thing, ModelVersion):
        return Kin(words, str(thing), reverse("model-version", args=[thing.model_id, thing.number]), origins=origins)
    if isinstance(thing, DatasetVersion):
        address = reverse("dataset-version", args=[thing.dataset_id, thing.number])
        return Kin(words, str(thing), address, origins=origins)
    at = f"{thing.created_at:%-d %b %Y}"
    return Kin(words, f"audit of {at}", reverse("audit", args=[thing.pk]), thing.verdict)
