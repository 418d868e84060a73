from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0007_meters")]

    operations = [
        migrations.AddField(
            model_name="consignment",
            name="cost",
            field=models.DecimalField(blank=True, decimal_places=4, max_digits=9, null=True),
        ),
        migrations.AlterField(
            model_name="consignment",
            name="hold",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "Not held"),
                    ("guidance", "Held by guidance"),
                    ("paused", "Paused"),
                    ("disconnected", "The account is not connected"),
                    ("altered", "Not what was approved"),
                    ("leaver", "Somebody it rests on has left or moved"),
                    ("budget", "The month's budget is used up"),
                ],
                default="",
                max_length=16,
            ),
        ),
    ]
