from django.conf import settings
from django.db import migrations, models
from django.db.models import PROTECT, Q


class Migration(migrations.Migration):
    dependencies = [
        ("delivery", "0005_held_for_leavers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Removal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("why", models.TextField()),
                ("asked_at", models.DateTimeField()),
                ("not_before", models.DateTimeField()),
                ("leased_until", models.DateTimeField(blank=True, null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[("done", "Taken down"), ("failed", "Could not be taken down")],
                        max_length=16,
                    ),
                ),
                ("said", models.TextField(blank=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "asked_by",
                    models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL),
                ),
                (
                    "consignment",
                    models.ForeignKey(on_delete=PROTECT, related_name="removals", to="delivery.consignment"),
                ),
            ],
            options={
                "ordering": ["asked_at"],
                "indexes": [
                    models.Index(condition=Q(result=""), fields=["not_before"], name="delivery_removals_due"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=~Q(result="failed"), fields=("consignment",), name="a_consignment_is_taken_down_once"
                    ),
                    models.CheckConstraint(
                        condition=Q(result="") ^ Q(ended_at__isnull=False), name="a_removal_ends_with_a_result"
                    ),
                ],
            },
        ),
    ]
