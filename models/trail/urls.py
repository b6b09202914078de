from __future__ import annotations

from django.urls import path

from models.trail import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/export.json", views.export, name="trail-export"),
    path("trail/verify/", views.verify, name="verify-trail"),
]
