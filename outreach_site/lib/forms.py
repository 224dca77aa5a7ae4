"""How forms are drawn: one renderer, so that `{{ form }}` wears the product's look everywhere.

Django hands every form and every field to the templates named here; pages that group fields
write `{{ form.host.as_field_group }}` inside a `.form-grid` and get the same field.
"""

from django.forms.renderers import TemplatesSetting


class LinkletterRenderer(TemplatesSetting):
    """The FORM_RENDERER of the site. Needs `django.forms` in INSTALLED_APPS for the widgets' own templates."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
