"""What belongs to an organisation, and a way of asking for it that cannot forget which."""

from __future__ import annotations

from typing import Any, Self

from django.db import models


class Unscoped(RuntimeError):
    """A query on what belongs to organisations was run without saying whose."""


class ScopedQuerySet(models.QuerySet):
    """Answers only after .of(organisation) or .visible_to(user); chains before and after like any other."""

    _is_scoped = False

    def of(self, organisation: Any) -> Self:
        return self._scoped(self.filter(organisation=organisation))

    def visible_to(self, user: Any) -> Self:
        """What belongs to any organisation of which the user is a member."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self._scoped(self.none())
        return self._scoped(self.filter(organisation__memberships__user=user))

    def _scoped(self, queryset: Self) -> Self:
        queryset._is_scoped = True
        return queryset

    def _clone(self) -> Self:
        clone = super()._clone()  # type: ignore[misc]
        clone._is_scoped = self._is_scoped
        return clone

    def _require_scope(self) -> None:
        if not self._is_scoped:
            name = self.model.__name__
            raise Unscoped(f"say whose: {name}.objects.of(organisation) or .visible_to(user), else {name}.unscoped")

    def _fetch_all(self) -> None:
        self._require_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._require_scope()
        return super().iterator(*args, **kwargs)

    def aggregate(self, *args: Any, **kwargs: Any) -> Any:
        self._require_scope()
        return super().aggregate(*args, **kwargs)

    def count(self) -> int:
        self._require_scope()
        return super().count()

    def exists(self) -> bool:
        self._require_scope()
        return super().exists()

    def update(self, **kwargs: Any) -> int:
        self._require_scope()
        return super().update(**kwargs)

    def delete(self) -> Any:
        self._require_scope()
        return super().delete()


class OrganisationOwned(models.Model):
    """Base of everything that belongs to one organisation.

    `objects` insists on a scope; `unscoped` is Django's plain manager (related managers and forms use it), and stands
    out in a review.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")

    unscoped = models.Manager()
    objects = ScopedQuerySet.as_manager()

    class Meta:
        abstract = True
