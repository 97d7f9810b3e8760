"""Functions of a project that its data migrations call."""

from __future__ import annotations

MODEL = "Order"


def save_all(rows):
    """Save each."""
    for row in rows:
        row.save()


def rows_of(apps, name=MODEL):
    """Rows of a model."""
    return apps.get_model("shop", name).objects.all()


class Tools:
    """Functions in a class."""

    @staticmethod
    def update(model):
        """Update all rows."""
        model.objects.update(state=1)


def endless(apps):
    """Calls itself."""
    endless(apps)
    apps.get_model("shop", "Order").objects.update(state=1)
