from __future__ import annotations

from django.urls import path

from governance.obligations import pieces, views

urlpatterns = [
    path("systems/<uuid:pk>/obligations/", views.board, name="system-obligations"),
    path("systems/<uuid:pk>/frameworks/", views.frameworks, name="follow-framework"),
    path("systems/<uuid:pk>/coverage/", views.coverage, name="system-coverage"),
    path("systems/<uuid:pk>/coverage.csv", views.coverage_csv, name="system-coverage-csv"),
    path("systems/<uuid:pk>/obligations.<str:kind>", views.obligations_file, name="system-obligations-file"),
    path("systems/<uuid:pk>/gaps.<str:kind>", views.gaps_file, name="system-gaps-file"),
    path("obligations/<uuid:pk>/", views.obligation, name="obligation"),
    path("obligations/<uuid:pk>/change/", views.change_obligation, name="change-obligation"),
    path("obligations/<uuid:pk>/accept/", views.accept_obligation, name="accept-obligation"),
    path("obligations/<uuid:pk>/start/", views.start_job, name="start-for-obligation"),
    path("obligations/<uuid:pk>/attach/", views.attach_evidence, name="attach-evidence"),
    path("obligations/<uuid:pk>/detach/", views.detach_evidence, name="detach-evidence"),
    path("systems/<uuid:pk>/evidence/", pieces.pieces, name="system-evidence"),
    path("systems/<uuid:pk>/evidence/document/", pieces.new_document, name="new-document"),
    path("systems/<uuid:pk>/evidence/statement/", pieces.new_statement, name="new-statement"),
    path("systems/<uuid:pk>/evidence/audit/", pieces.new_audit_evidence, name="new-audit-evidence"),
    path("systems/<uuid:pk>/evidence/results/<uuid:audit>/", pieces.attach_result, name="attach-result"),
    path("systems/<uuid:pk>/evidence/results/<uuid:audit>/dismiss/", pieces.dismiss_result, name="dismiss-result"),
    path("evidence/<uuid:pk>/", pieces.piece, name="evidence"),
    path("evidence/<uuid:pk>/file/", pieces.evidence_file, name="evidence-file"),
    path("evidence/<uuid:pk>/attach/", pieces.attach_more, name="attach-more"),
]
