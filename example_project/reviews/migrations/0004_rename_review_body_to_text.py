"""Call the text of a review what the pages call it, at once, while the release before still reads `body`."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reviews", "0003_review_shown_idx")]

    operations = [
        migrations.RenameField(model_name="review", old_name="body", new_name="text"),
    ]
