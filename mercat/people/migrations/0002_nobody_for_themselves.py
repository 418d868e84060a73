from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="rolegrant",
            constraint=models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_grants_themselves_a_role"),
        ),
        migrations.AddConstraint(
            model_name="licence",
            constraint=models.CheckConstraint(condition=~Q(by=F("person")), name="nobody_licenses_themselves"),
        ),
    ]
