"""Pages below /w/<workspace>/compliance/."""

from django.urls import path

from compliance.views import audit, checking, holds, suppression

app_name = "compliance"
urlpatterns = [
    path("suppression/", suppression.suppression_list, name="suppression_list"),
    path("suppression/add/", suppression.suppression_create, name="suppression_create"),
    path("suppression/<int:pk>/", suppression.suppression_detail, name="suppression_detail"),
    path("suppression/<int:pk>/lift/", suppression.suppression_lift, name="suppression_lift"),
    path("held-back/", holds.hold_list, name="hold_list"),
    path("held-back/<int:pk>/lift/", holds.hold_lift, name="hold_lift"),
    path("audit/", audit.audit_list, name="audit_list"),
    path("audit/<int:pk>/", audit.audit_detail, name="audit_detail"),
    path("check/", checking.check_address, name="check_address"),
]
