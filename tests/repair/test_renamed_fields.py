"""Django's RenameField leaves the old name in the indexes and constraints of its state."""

from __future__ import annotations

from tests.projects import Project
from tests.repair.half_done_shop import SAFEMIGRATE, found, install

RENAMED = """
migrations.AddField('order', 'status', models.CharField(max_length=9, null=True)),
migrations.AddIndex('order', models.Index(fields=['status'], name='order_status_idx')),
migrations.AddConstraint('order', models.UniqueConstraint(fields=['status'], name='order_status_uniq')),
migrations.RenameField('order', 'status', 'state'),
"""


def test_an_index_on_a_renamed_field_is_known_by_its_name(project: Project) -> None:
    install(project, RENAMED)
    project.manage(*SAFEMIGRATE)
    assert found(project) == []
    on = " ON shop_order" if project.server.vendor == "mysql" else ""
    project.sql(f"DROP INDEX order_status_idx{on}")
    problems = found(project)
    assert [(one["action"], one["subject"]) for one in problems] == [("schema", "shop_order")]
    assert problems[0]["found"] == "Missing: index order_status_idx of shop_order."
