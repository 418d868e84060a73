from django.db import migrations, models
from django.db.models import PROTECT


class Migration(migrations.Migration):
    dependencies = [("delivery", "0006_removals"), ("register", "0009_direct_access")]

    operations = [
        migrations.CreateModel(
            name="Meter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("network", models.SlugField(max_length=64)),
                ("name", models.CharField(max_length=64)),
                ("limit", models.PositiveIntegerField()),
                ("left", models.PositiveIntegerField()),
                ("resets_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=PROTECT, related_name="meters", to="register.account"
                    ),
                ),
            ],
            options={
                "ordering": ["network", "account", "name", "limit"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("network", "account", "name", "limit"),
                        name="one_reading_of_a_limit",
                        nulls_distinct=False,
                    ),
                ],
            },
        ),
    ]
