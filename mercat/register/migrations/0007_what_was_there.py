"""What was in the structure before this record is founded as such, and reviewed a year from now."""

from django.db import migrations

THERE = """
INSERT INTO register_founding (at, pack, version, digest)
    SELECT now(), '', 'before foundings were kept', '' WHERE EXISTS (SELECT FROM register_slot);
UPDATE register_slot SET founding_id = (SELECT min(id) FROM register_founding) WHERE application_id IS NULL;
UPDATE register_slot SET review_due = current_date + 365;
UPDATE register_application SET begun_at = applied_at;
"""
NOT_THERE = """
UPDATE register_slot SET founding_id = NULL;
DELETE FROM register_founding;
"""


class Migration(migrations.Migration):
    dependencies = [("register", "0006_reviews_and_standing")]

    operations = [migrations.RunSQL(THERE, NOT_THERE)]
