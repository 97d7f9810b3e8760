"""Find the approved reviews of a product.

The shop's first release ends here, and in the migrations of the other apps that this one depends on, Django's own
among them: `safemigrate reviews 0003` installs exactly that release.
"""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0002_review_approval"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("catalogue", "0007_product_shelf_idx"),
        ("customers", "0004_customer_wants_newsletter"),
        ("orders", "0007_order_queue_idx"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="review",
            index=models.Index(fields=["product", "is_approved"], name="reviews_review_shown_idx"),
        ),
    ]
