from django.db import migrations

from mercat.audit.migration_operations import pinned

# What one person assigned goes out when another asks for it.
CHANGE = """
CREATE OR REPLACE FUNCTION watch_profile_change_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'what is put back is never deleted: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' OR NOT EXISTS (
            SELECT FROM watch_branding WHERE id = NEW.branding_id AND account_id = NEW.account_id
        ) THEN
            RAISE EXCEPTION 'what is put back waits first, and is assigned to its account: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM watch_branding WHERE id = NEW.branding_id AND assigned_by_id = NEW.asked_by_id) THEN
            RAISE EXCEPTION 'it is put back by somebody other than who assigned it: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'queued>calling', 'queued>refused', 'calling>queued', 'calling>done', 'calling>refused', 'calling>unsure'
    ]) THEN
        RAISE EXCEPTION 'what is put back does not go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.account_id, OLD.branding_id, OLD.part, OLD.asked_at, OLD.asked_by_id)
        IS DISTINCT FROM (NEW.account_id, NEW.branding_id, NEW.part, NEW.asked_at, NEW.asked_by_id)
    THEN
        RAISE EXCEPTION 'what was asked for does not change: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
CHANGE_BEFORE = """
CREATE OR REPLACE FUNCTION watch_profile_change_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'what is put back is never deleted: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' OR NOT EXISTS (
            SELECT FROM watch_branding WHERE id = NEW.branding_id AND account_id = NEW.account_id
        ) THEN
            RAISE EXCEPTION 'what is put back waits first, and is assigned to its account: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'queued>calling', 'queued>refused', 'calling>queued', 'calling>done', 'calling>refused', 'calling>unsure'
    ]) THEN
        RAISE EXCEPTION 'what is put back does not go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.account_id, OLD.branding_id, OLD.part, OLD.asked_at, OLD.asked_by_id)
        IS DISTINCT FROM (NEW.account_id, NEW.branding_id, NEW.part, NEW.asked_at, NEW.asked_by_id)
    THEN
        RAISE EXCEPTION 'what was asked for does not change: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('watch', '0007_heard'),
    ]

    operations = [
        migrations.RunSQL(CHANGE, CHANGE_BEFORE),
        pinned("watch_profile_change_in_order()"),
    ]
