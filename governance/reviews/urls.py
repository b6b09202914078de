from __future__ import annotations

from django.urls import path

from governance.reviews import calendar_views, views

urlpatterns = [
    path("systems/<uuid:pk>/reviews/", views.system_reviews, name="system-reviews"),
    path("systems/<uuid:pk>/reviews/new/", views.new_review, name="new-review"),
    path("reviews/<uuid:pk>/change/", views.change_review, name="change-review"),
    path("reviews/<uuid:pk>/done/", views.do_review, name="do-review"),
    path("reviews/<uuid:pk>/drop/", views.drop_review, name="drop-review"),
    path("calendar/", calendar_views.calendar, name="calendar"),
    path("calendar/plumbline.ics", calendar_views.calendar_file, name="calendar-file"),
    path("notices/", calendar_views.notices, name="notices"),
    path("notices/mail/", calendar_views.choose, name="choose-mail"),
    path("notices/seen/", calendar_views.see_notices, name="see-notices"),
    path("notices/<uuid:pk>/seen/", calendar_views.see_notice, name="see-notice"),
]
