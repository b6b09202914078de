from __future__ import annotations

from django.urls import path

from governance.incidents import views

urlpatterns = [
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/export.csv", views.incidents_csv, name="incidents-csv"),
    path("incidents/<uuid:pk>/", views.incident, name="incident"),
    path("incidents/<uuid:pk>/fields/", views.incident_report, name="incident-fields"),
    path("incidents/<uuid:pk>/fields/<int:number>/", views.incident_report, name="incident-told"),
    path("incidents/<uuid:pk>/change/", views.change_incident, name="change-incident"),
    path("incidents/<uuid:pk>/report/", views.report_incident, name="report-incident"),
    path("incidents/<uuid:pk>/close/", views.close_incident, name="close-incident"),
    path("incidents/<uuid:pk>/reopen/", views.reopen_incident, name="reopen-incident"),
    path("systems/<uuid:pk>/incidents/", views.incidents_of_system, name="system-incidents"),
    path("systems/<uuid:pk>/incidents/new/", views.new_incident, name="new-incident"),
]
