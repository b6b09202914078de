from __future__ import annotations

from django.urls import path

from audits import help, views

urlpatterns = [
    path("audits/", views.audits, name="audits"),
    path("audits/new/", views.start, name="start-audit"),
    path("audits/<uuid:pk>/", views.audit, name="audit"),
    path("audits/<uuid:pk>/report/", views.report, name="audit-report"),
    path("audits/<uuid:pk>/report.pdf", views.report_pdf, name="audit-report-pdf"),
    path("audits/<uuid:pk>/evidence.json", views.evidence, name="audit-evidence"),
    path("audits/<uuid:pk>/card/README.md", views.model_card, name="audit-card"),
    path("audits/<uuid:pk>/figures/<str:figure>.csv", views.figure_csv, name="audit-figure"),
    path("audits/<uuid:pk>/comparison/", views.comparison, name="compare-audit"),
    path("audits/<uuid:pk>/comparison.csv", views.comparison_csv, name="compare-audit-csv"),
    path("audits/report.css", views.report_style, name="report-style"),
    path("help/", help.home, name="help"),
    path("help/metrics/", help.metrics, name="help-metrics"),
    path("help/metrics/<str:name>/", help.metric, name="help-metric"),
    path("help/<slug:slug>/", help.page, name="help-page"),
]
