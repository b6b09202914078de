from __future__ import annotations

from django.urls import path

from governance.lawbook import views

urlpatterns = [
    path("law/", views.law, name="law"),
    path("law/frameworks/<slug:name>/", views.law_framework, name="law-framework"),
    path("law/requirements/<slug:id>/", views.law_requirement, name="law-requirement"),
    path("law/lists/<slug:name>/", views.law_list, name="law-list"),
]
