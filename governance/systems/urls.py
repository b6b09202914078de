from __future__ import annotations

from django.urls import path

from governance.systems import asking, exchanging, standings, views

urlpatterns = [
    path("systems/", views.systems, name="systems"),
    path("systems/new/", views.new_system, name="new-system"),
    path("systems/import/", exchanging.import_systems, name="import-systems"),
    path("systems/export/", exchanging.export_systems, name="export-systems"),
    path("systems/template/", exchanging.systems_template, name="systems-template"),
    path("systems/<uuid:pk>/", views.system, name="system"),
    path("systems/<uuid:pk>/change/", views.change_system, name="change-system"),
    path("systems/<uuid:pk>/archive/", views.archive_system, name="archive-system"),
    path("systems/<uuid:pk>/parts/add/", views.add_system_part, name="add-system-part"),
    path("systems/<uuid:pk>/parts/<uuid:part>/remove/", views.remove_system_part, name="remove-system-part"),
    path("systems/<uuid:pk>/questions/", asking.questions, name="system-questions"),
    path("systems/<uuid:pk>/questions/check/", asking.check, name="check-answers"),
    path("systems/<uuid:pk>/questions/<slug:question>/", asking.question, name="system-question"),
    path("systems/<uuid:pk>/classify/", standings.classify_system, name="classify-system"),
    path("systems/<uuid:pk>/classifications/", standings.classifications, name="classifications"),
    path("systems/<uuid:pk>/classifications/<int:number>/", standings.classification, name="classification"),
]
