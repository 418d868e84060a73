from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0008_budgets")]

    operations = [
        migrations.AlterField(
            model_name="attempt",
            name="result",
            field=models.CharField(
                blank=True,
                choices=[
                    ("sent", "The network took it"),
                    ("pending", "The network was still preparing"),
                    ("moved", "A part was handed over"),
                    ("refused", "The network refused it"),
                    ("reconnect", "The network no longer takes our credentials"),
                    ("later", "Put off"),
                    ("unsure", "No clear answer"),
                ],
                max_length=16,
            ),
        ),
    ]
