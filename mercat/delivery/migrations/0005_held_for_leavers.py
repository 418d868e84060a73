from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("delivery", "0004_lanes_and_altered")]

    operations = [
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
                ],
                default="",
                max_length=16,
            ),
        ),
    ]
