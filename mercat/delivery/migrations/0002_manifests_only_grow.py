from django.db import migrations

from mercat.audit.migration_operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("delivery", "0001_initial")]

    operations = [AppendOnly("delivery_manifest")]
