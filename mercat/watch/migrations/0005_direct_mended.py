import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

# What the programme expected by itself may be settled by a person, once; a change is one of a post to the same account.
USE = """
CREATE OR REPLACE FUNCTION watch_direct_use_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.settled_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'a post is found before somebody settles it: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.outcome <> ''
        AND NOT (OLD.outcome = 'expected' AND OLD.settled_by_id IS NULL AND NEW.settled_by_id IS NOT NULL)
        AND (OLD.outcome, OLD.words, OLD.settled_at, OLD.settled_by_id, OLD.exception_id, OLD.taken_down_at,
             OLD.ours_id)
            IS DISTINCT FROM
            (NEW.outcome, NEW.words, NEW.settled_at, NEW.settled_by_id, NEW.exception_id, NEW.taken_down_at,
             NEW.ours_id)
    THEN
        RAISE EXCEPTION 'a post past the tool is settled once: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.exception_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM register_directaccess open WHERE open.id = NEW.exception_id
            AND open.account_id = NEW.account_id AND open.answer = 'granted'
    ) THEN
        RAISE EXCEPTION 'a post is expected by an exception of its own account: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.ours_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery_consignment sent WHERE sent.id = NEW.ours_id AND sent.account_id = NEW.account_id
    ) THEN
        RAISE EXCEPTION 'a post of ours went to the same account: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.changes_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery_consignment sent WHERE sent.id = NEW.changes_id AND sent.account_id = NEW.account_id
    ) THEN
        RAISE EXCEPTION 'a changed post of ours went to the same account: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
USE_BEFORE = """
CREATE OR REPLACE FUNCTION watch_direct_use_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.settled_by_id IS NOT NULL THEN
        RAISE EXCEPTION 'a post is found before somebody settles it: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.outcome <> ''
        AND (OLD.outcome, OLD.words, OLD.settled_at, OLD.settled_by_id, OLD.exception_id, OLD.taken_down_at,
             OLD.ours_id)
            IS DISTINCT FROM
            (NEW.outcome, NEW.words, NEW.settled_at, NEW.settled_by_id, NEW.exception_id, NEW.taken_down_at,
             NEW.ours_id)
    THEN
        RAISE EXCEPTION 'a post past the tool is settled once: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.exception_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM register_directaccess open WHERE open.id = NEW.exception_id
            AND open.account_id = NEW.account_id AND open.answer = 'granted'
    ) THEN
        RAISE EXCEPTION 'a post is expected by an exception of its own account: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.ours_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM delivery_consignment sent WHERE sent.id = NEW.ours_id AND sent.account_id = NEW.account_id
    ) THEN
        RAISE EXCEPTION 'a post of ours went to the same account: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0010_broadcasts'),
        ('register', '0009_direct_access'),
        ('watch', '0004_look_alikes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectGap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-since'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='directuse',
            name='a_post_past_the_tool_is_found_once',
        ),
        migrations.AddField(
            model_name='directuse',
            name='changes',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='delivery.consignment'),
        ),
        migrations.AddIndex(
            model_name='directuse',
            index=models.Index(fields=['account', 'native_id'], name='watch_direct_by_id'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('account', 'native_id'), name='a_post_past_the_tool_waits_once'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(('changes', None), models.Q(('outcome', 'expected'), ('settled_by', None), _negated=True), _connector='OR'), name='a_change_is_not_expected_by_itself'),
        ),
        migrations.AddField(
            model_name='directgap',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='direct_gaps', to='register.account'),
        ),
        migrations.AddConstraint(
            model_name='directgap',
            constraint=models.CheckConstraint(condition=models.Q(('until__gt', models.F('since'))), name='a_gap_begins_before_it_ends'),
        ),
        AppendOnly("watch_directgap", ("until",)),
        migrations.RunSQL(USE, USE_BEFORE),
        pinned("watch_direct_use_in_order()"),
    ]
