from django.db import migrations

from mercat.audit.migration_operations import pinned


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_only_grows")]

    operations = [pinned("mercat_append_only()"), pinned("audit_queue_event()"), pinned("audit_erase_only()")]
