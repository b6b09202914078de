from __future__ import annotations

from django.urls import path

from governance.systems import exchanging, views

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
]
