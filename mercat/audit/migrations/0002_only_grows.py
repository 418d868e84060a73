from django.db import migrations

from mercat.audit.migration_operations import AppendOnly

# Every new event waits for its leaf, also one that reached the table by another way than record().
QUEUE = """
CREATE FUNCTION audit_queue_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_pending (event_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER audit_event_queue AFTER INSERT ON audit_event
    FOR EACH ROW EXECUTE FUNCTION audit_queue_event();
"""
DO_NOT_QUEUE = """
DROP TRIGGER audit_event_queue ON audit_event;
DROP FUNCTION audit_queue_event();
"""

# The one change that personal data may see: from kept to erased, once.
ERASE_ONLY = """
CREATE FUNCTION audit_erase_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_by_id IS NOT NULL OR NEW.erased_by_id IS NULL THEN
        RAISE EXCEPTION 'personal data can only be erased, and only once: nothing was changed'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_personaldata_erase_only BEFORE UPDATE ON audit_personaldata
    FOR EACH ROW EXECUTE FUNCTION audit_erase_only();
"""
CHANGE_FREELY = """
DROP TRIGGER audit_personaldata_erase_only ON audit_personaldata;
DROP FUNCTION audit_erase_only();
"""


class Migration(migrations.Migration):

    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(QUEUE, DO_NOT_QUEUE),
        AppendOnly("audit_event"),
        AppendOnly("audit_leaf"),
        AppendOnly("audit_checkpoint"),
        AppendOnly("audit_personaldata", updatable=["salt", "data", "erased_by_id"]),
        migrations.RunSQL(ERASE_ONLY, CHANGE_FREELY),
    ]
