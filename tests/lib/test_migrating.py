"""Several models in one operation."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.db.migrations import CreateModel
from django.db.migrations.state import ProjectState

from outreach_site.lib.migrating import CreateModels

TABLES = {"orchard_tree", "orchard_leaf"}


def a_key() -> tuple[str, models.Field[Any, Any]]:
    return "id", models.BigAutoField(primary_key=True)


@pytest.mark.django_db(transaction=True)
def test_models_are_made_together_and_taken_back_together() -> None:
    operation = CreateModels(
        [
            CreateModel("Tree", fields=[a_key()]),
            CreateModel("Leaf", fields=[a_key(), ("tree", models.ForeignKey("orchard.Tree", models.CASCADE))]),
        ]
    )
    before = ProjectState()
    assert not before.apps.is_installed("orchard")  # Its classes are built by now, as while Django migrates.
    after = before.clone()
    operation.state_forwards("orchard", after)
    with connection.schema_editor() as editor:
        operation.database_forwards("orchard", editor, before, after)
    assert set(connection.introspection.table_names()) >= TABLES
    tree = after.apps.get_model("orchard", "Tree").objects.create()
    assert after.apps.get_model("orchard", "Leaf").objects.create(tree=tree).tree_id == tree.pk
    with connection.schema_editor() as editor:
        operation.database_backwards("orchard", editor, after, before)
    assert not set(connection.introspection.table_names()) & TABLES
    assert operation.describe() == "Create models Tree, Leaf"
