from __future__ import annotations

from django.urls import path

from governance.risks import statement_views, views

urlpatterns = [
    path("systems/<uuid:pk>/risks/", views.risks_of_system, name="system-risks"),
    path("systems/<uuid:pk>/risks/new/", views.new_risk, name="new-risk"),
    path("systems/<uuid:pk>/risks/export.csv", views.risks_csv, name="system-risks-csv"),
    path("systems/<uuid:pk>/risks/proposals/", views.decide_proposal, name="decide-proposal"),
    path("risks/<uuid:pk>/", views.risk, name="risk"),
    path("risks/<uuid:pk>/change/", views.change_risk, name="change-risk"),
    path("risks/<uuid:pk>/accept/", views.accept_risk, name="accept-risk"),
    path("risks/<uuid:pk>/close/", views.close_risk, name="close-risk"),
    path("risks/<uuid:pk>/reopen/", views.reopen_risk, name="reopen-risk"),
    path("risks/<uuid:pk>/measures/new/", views.new_measure, name="new-measure"),
    path("measures/<uuid:pk>/change/", views.change_measure, name="change-measure"),
    path("measures/<uuid:pk>/done/", views.measure_done, name="measure-done"),
    path("systems/<uuid:pk>/statements/", statement_views.statements, name="system-statements"),
    path("systems/<uuid:pk>/statements/<slug:kind>/", statement_views.statement, name="statement"),
    path("systems/<uuid:pk>/statements/<slug:kind>/write/", statement_views.write_statement, name="write-statement"),
    path("systems/<uuid:pk>/statements/<slug:kind>/compare/", statement_views.compare, name="compare-statement"),
    path("systems/<uuid:pk>/statements/<slug:kind>/<int:number>/", statement_views.statement, name="statement-version"),
    path("systems/<uuid:pk>/statements/<slug:kind>/<int:number>/give/", statement_views.give, name="give-statement"),
]
