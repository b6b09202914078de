from __future__ import annotations

from django.urls import path

from models.webhooks import views

urlpatterns = [
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/new/", views.new_webhook, name="new-webhook"),
    path("webhooks/<uuid:pk>/", views.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/change/", views.change_webhook, name="change-webhook"),
    path("webhooks/<uuid:pk>/rotate/", views.rotate_webhook, name="rotate-webhook"),
    path("webhooks/<uuid:pk>/test/", views.test_webhook, name="test-webhook"),
    path("webhooks/<uuid:pk>/switch/", views.switch_webhook, name="switch-webhook"),
    path("webhooks/<uuid:pk>/delete/", views.delete_webhook, name="delete-webhook"),
    path("webhooks/<uuid:pk>/deliveries/", views.deliveries, name="webhook-deliveries"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/", views.delivery, name="webhook-delivery"),
    path("webhooks/<uuid:pk>/deliveries/<uuid:delivery>/again/", views.send_again, name="send-again"),
]
