
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

EXCEPTION = """
CREATE FUNCTION register_direct_access_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.answer <> '' THEN
            RAISE EXCEPTION 'direct access is asked for first: nothing was added' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.answer <> ''
        AND (OLD.answer, OLD.answered_at, OLD.answered_by_id, OLD.advice, OLD.granted_hours, OLD.until)
            IS DISTINCT FROM
            (NEW.answer, NEW.answered_at, NEW.answered_by_id, NEW.advice, NEW.granted_hours, NEW.until)
    THEN
        RAISE EXCEPTION 'direct access is answered once: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.closed_at IS NOT NULL
        AND (OLD.closed_at, OLD.closed_by_id, OLD.ended, OLD.rotate_by)
            IS DISTINCT FROM (NEW.closed_at, NEW.closed_by_id, NEW.ended, NEW.rotate_by)
    THEN
        RAISE EXCEPTION 'direct access ends once: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.rotated_at IS NOT NULL
        AND (OLD.rotated_at, OLD.rotated_by_id, OLD.rotation_note, OLD.overdue_told_at)
            IS DISTINCT FROM (NEW.rotated_at, NEW.rotated_by_id, NEW.rotation_note, NEW.overdue_told_at)
    THEN
        RAISE EXCEPTION 'what was noted of the credential stays: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.answer <> '' AND NEW.answered_at < NEW.asked_at
        OR NEW.answer = 'granted' AND NEW.until <> NEW.answered_at + NEW.granted_hours * interval '1 hour'
    THEN
        RAISE EXCEPTION 'direct access lasts for the granted hours: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.rotated_at IS NOT NULL AND OLD.rotated_at IS NULL AND EXISTS (
        SELECT FROM register_directaccess other WHERE other.account_id = NEW.account_id
            AND other.person_id = NEW.rotated_by_id AND other.answer = 'granted' AND other.rotated_at IS NULL
    ) THEN
        RAISE EXCEPTION 'somebody without direct access changes the credential: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_direct_access_in_order BEFORE INSERT OR UPDATE ON register_directaccess
    FOR EACH ROW EXECUTE FUNCTION register_direct_access_in_order();
"""
NO_EXCEPTION = """
DROP TRIGGER register_direct_access_in_order ON register_directaccess;
DROP FUNCTION register_direct_access_in_order();
"""

POST = """
CREATE FUNCTION register_direct_post_was_expected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked, so that an end or a rotation that is being noted right now is waited for, and seen.
    PERFORM FROM register_directaccess open
        WHERE open.id = NEW.exception_id AND open.answer = 'granted' AND open.rotated_at IS NULL
            AND NEW.published_at BETWEEN open.answered_at AND coalesce(open.closed_at, open.until)
        FOR SHARE;
    IF NOT FOUND OR NEW.published_at > NEW.at THEN
        RAISE EXCEPTION 'a direct post is published while direct access is open: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_direct_post_was_expected BEFORE INSERT ON register_directpost
    FOR EACH ROW EXECUTE FUNCTION register_direct_post_was_expected();
"""
NO_POST = """
DROP TRIGGER register_direct_post_was_expected ON register_directpost;
DROP FUNCTION register_direct_post_was_expected();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('register', '0008_only_through_reviews'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(choices=[('lacking', 'The tool cannot do what is needed'), ('outage', 'The tool does not work')], max_length=16)),
                ('words', models.TextField()),
                ('hours', models.PositiveSmallIntegerField()),
                ('asked_at', models.DateTimeField()),
                ('answer', models.CharField(blank=True, choices=[('', 'Waits for an answer'), ('granted', 'Granted'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], max_length=16)),
                ('answered_at', models.DateTimeField(null=True)),
                ('advice', models.TextField(blank=True)),
                ('granted_hours', models.PositiveSmallIntegerField(null=True)),
                ('until', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('ended', models.CharField(blank=True, choices=[('', 'Not yet'), ('time', 'Ended in its time'), ('early', 'Ended early'), ('standing', 'Ended: the person may no longer speak there')], max_length=16)),
                ('rotate_by', models.DateTimeField(null=True)),
                ('rotated_at', models.DateTimeField(null=True)),
                ('rotation_note', models.TextField(blank=True)),
                ('overdue_told_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='direct_accesses', to='register.account')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='direct_accesses', to=settings.AUTH_USER_MODEL)),
                ('rotated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-asked_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='DirectPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=500)),
                ('published_at', models.DateTimeField()),
                ('what', models.TextField()),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('exception', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='register.directaccess')),
            ],
            options={
                'ordering': ['published_at', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.UniqueConstraint(condition=models.Q(('answer__in', ['', 'granted']), ('closed_at', None)), fields=('account', 'person'), name='direct_access_is_open_once'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('words', ''), _negated=True), ('hours__gte', 1)), name='direct_access_is_asked_for_in_words'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None), ('answered_by', None), ('granted_hours', None), ('until', None)), models.Q(('answer', 'granted'), ('answered_at__isnull', False), ('answered_by__isnull', False), ('granted_hours__gte', 1), ('granted_hours__isnull', False), ('granted_hours__lte', models.F('hours')), ('until__isnull', False)), models.Q(('answer', 'refused'), ('answered_at__isnull', False), ('answered_by__isnull', False), ('granted_hours', None), ('until', None), models.Q(('advice', ''), _negated=True)), models.Q(('answer', 'withdrawn'), ('answered_at__isnull', False), ('granted_hours', None), ('until', None)), _connector='OR'), name='an_answer_to_direct_access_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(('answer', 'withdrawn'), ('answered_by', None), models.Q(('answered_by', models.F('person')), _negated=True), _connector='OR'), name='nobody_grants_themselves_direct_access'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', 'granted'), ('closed_at__gte', models.F('answered_at')), ('closed_at__isnull', False), ('closed_at__lte', models.F('until')), ('ended__in', ['time', 'early', 'standing']), ('rotate_by__gt', models.F('closed_at')), ('rotate_by__isnull', False)), models.Q(('closed_at', None), ('closed_by', None), ('ended', ''), ('rotate_by', None)), _connector='OR'), name='direct_access_ends_in_its_time'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rotated_at', None), ('rotated_by', None), ('rotation_note', '')), models.Q(('closed_at__isnull', False), ('rotated_at__gte', models.F('closed_at')), ('rotated_by__isnull', False), models.Q(('rotation_note', ''), _negated=True)), _connector='OR'), name='a_credential_is_changed_after_direct_access'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(('rotated_by', None), models.Q(('rotated_by', models.F('person')), _negated=True), _connector='OR'), name='somebody_else_changes_the_credential'),
        ),
        migrations.AddConstraint(
            model_name='directaccess',
            constraint=models.CheckConstraint(condition=models.Q(('overdue_told_at', None), models.Q(('overdue_told_at__gte', models.F('rotate_by')), ('rotate_by__isnull', False)), _connector='OR'), name='a_rotation_is_overdue_after_its_day'),
        ),
        migrations.AddConstraint(
            model_name='directpost',
            constraint=models.UniqueConstraint(fields=('exception', 'url'), name='a_direct_post_is_noted_once'),
        ),
        migrations.AddConstraint(
            model_name='directpost',
            constraint=models.CheckConstraint(condition=models.Q(('url__startswith', 'https://'), models.Q(('what', ''), _negated=True)), name='a_direct_post_has_its_address_and_words'),
        ),
        AppendOnly(
            "register_directaccess",
            ("answer", "answered_at", "answered_by_id", "advice", "granted_hours", "until",
             "closed_at", "closed_by_id", "ended", "rotate_by",
             "rotated_at", "rotated_by_id", "rotation_note", "overdue_told_at"),
        ),
        AppendOnly("register_directpost"),
        migrations.RunSQL(EXCEPTION, NO_EXCEPTION),
        migrations.RunSQL(POST, NO_POST),
        pinned("register_direct_access_in_order()"),
        pinned("register_direct_post_was_expected()"),
    ]
