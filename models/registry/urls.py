from __future__ import annotations

from django.urls import path

from models.registry import describing, registering, views

urlpatterns = [
    path("models/", views.models, name="models"),
    path("models/register/", registering.register_a_model, name="register-model"),
    path("models/<uuid:pk>/", views.model, name="model"),
    path("models/<uuid:pk>/<int:number>/", views.model, name="model-version"),
    path("models/<uuid:pk>/words/", describing.describe_a_model, name="describe-model"),
    path("models/<uuid:pk>/compare/", views.compare_models, name="compare-model"),
    path("datasets/", views.datasets, name="datasets"),
    path("datasets/register/", registering.register_a_dataset, name="register-dataset"),
    path("datasets/<uuid:pk>/", views.dataset, name="dataset"),
    path("datasets/<uuid:pk>/<int:number>/", views.dataset, name="dataset-version"),
    path("datasets/<uuid:pk>/words/", describing.describe_a_dataset, name="describe-dataset"),
    path("datasets/<uuid:pk>/compare/", views.compare_datasets, name="compare-dataset"),
]
