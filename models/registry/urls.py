from __future__ import annotations

from django.urls import path

from models.registry import views

urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/register/", views.register_a_model, name="register-model"),
    path("models/<uuid:pk>/", views.model, name="model"),
    path("models/<uuid:pk>/<int:number>/", views.model, name="model-version"),
    path("datasets/", views.datasets, name="datasets"),
    path("datasets/register/", views.register_a_dataset, name="register-dataset"),
    path("datasets/<uuid:pk>/", views.dataset, name="dataset"),
    path("datasets/<uuid:pk>/<int:number>/", views.dataset, name="dataset-version"),
]
