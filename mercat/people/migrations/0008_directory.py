import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0007_desk")]

    operations = [
        migrations.AlterField(
            model_name="person",
            name="number",
            field=models.CharField(max_length=64, unique=True, verbose_name="staff number"),
        ),
        migrations.CreateModel(
            name="DirectoryEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_name", models.CharField(max_length=254)),
                ("external_id", models.CharField(blank=True, max_length=254)),
                ("emails", models.JSONField(default=list)),
                ("title", models.CharField(max_length=254)),
                ("department", models.CharField(max_length=254)),
                ("changed_at", models.DateTimeField()),
                ("deleted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="directory",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "directory entries",
                "constraints": [
                    models.UniqueConstraint(
                        django.db.models.functions.text.Lower("user_name"),
                        condition=models.Q(("deleted_at", None)),
                        name="a_user_name_is_one_persons",
                    )
                ],
            },
        ),
    ]
