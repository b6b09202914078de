from __future__ import annotations

from django.urls import path

from governance.assessments import views

urlpatterns = [
    path("assessments/", views.assessments, name="assessments"),
    path("assessments/<uuid:pk>/", views.assessment, name="assessment"),
    path("assessments/<uuid:pk>/write/", views.write_assessment, name="write-assessment"),
    path("assessments/<uuid:pk>/print/", views.print_assessment, name="print-assessment"),
    path("assessments/<uuid:pk>/submit/", views.submit_assessment, name="submit-assessment"),
    path("assessments/<uuid:pk>/send-back/", views.send_back_assessment, name="send-back-assessment"),
    path("assessments/<uuid:pk>/withdraw/", views.withdraw_assessment, name="withdraw-assessment"),
    path("assessments/<uuid:pk>/approve/", views.approve_assessment, name="approve-assessment"),
    path("assessments/<uuid:pk>/comment/", views.comment_assessment, name="comment-assessment"),
    path("assessments/<uuid:pk>/compare/", views.compare_assessment, name="compare-assessment"),
    path("assessments/<uuid:pk>/report.pdf", views.assessment_report, name="assessment-report"),
    path("systems/<uuid:pk>/assessments/", views.assessments_of_system, name="system-assessments"),
    path("systems/<uuid:pk>/assessments/begin/", views.begin_assessment, name="begin-assessment"),
]
