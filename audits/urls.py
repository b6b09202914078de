from __future__ import annotations

from django.urls import path

from audits import views

urlpatterns = [
    path("audits/", views.audits, name="audits"),
    path("audits/new/", views.start, name="start-audit"),
    path("audits/<uuid:pk>/", views.audit, name="audit"),
    path("audits/<uuid:pk>/report/", views.report, name="audit-report"),
    path("audits/<uuid:pk>/report.pdf", views.report_pdf, name="audit-report-pdf"),
    path("audits/<uuid:pk>/evidence.json", views.evidence, name="audit-evidence"),
    path("audits/report.css", views.report_style, name="report-style"),
]
