from __future__ import annotations

from django.urls import path

from models.jobs import views

urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<uuid:pk>/", views.job, name="job"),
    path("jobs/<uuid:pk>/progress/", views.progress, name="job-progress"),
    path("jobs/<uuid:pk>/cancel/", views.cancel_job, name="cancel-job"),
    path("jobs/<uuid:pk>/retry/", views.retry_job, name="retry-job"),
]
