"""Pages about problems, and what stands at no other address of the API."""

from __future__ import annotations

from django.urls import path, re_path

from models.rest import views

app_name = "rest"
urlpatterns = [
    path("api/v1/problems", views.problems, name="problems"),
    path("api/v1/problems/<slug:slug>", views.problem, name="problem"),
    re_path(r"^api(?:/v1)?(?:/.*)?$", views.nowhere, name="nowhere"),
]
