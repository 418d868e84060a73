import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import pinned

LOOK_ALIKE = """
CREATE FUNCTION watch_look_alike_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a look-alike is never deleted: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'waiting' THEN
            RAISE EXCEPTION 'a look-alike is found before it is settled: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'waiting>case', 'waiting>dismissed', 'case>dismissed', 'dismissed>waiting'
    ]) THEN
        RAISE EXCEPTION 'a look-alike does not go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.network, OLD.digest) IS DISTINCT FROM (NEW.network, NEW.digest) THEN
        RAISE EXCEPTION 'a look-alike is one account: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'dismissed' AND NEW.state = 'waiting' AND OLD.seen_as = NEW.seen_as THEN
        RAISE EXCEPTION 'what was dismissed waits again only when it has changed: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_look_alike_in_order BEFORE INSERT OR UPDATE OR DELETE ON watch_lookalike
    FOR EACH ROW EXECUTE FUNCTION watch_look_alike_in_order();
"""
NO_LOOK_ALIKE = """
DROP TRIGGER watch_look_alike_in_order ON watch_lookalike;
DROP FUNCTION watch_look_alike_in_order();
"""

REPORT = """
CREATE FUNCTION watch_network_report_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a report is never deleted: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' OR NOT EXISTS (SELECT FROM watch_case WHERE id = NEW.case_id AND state = 'fake') THEN
            RAISE EXCEPTION 'a report of a fake account waits before it goes out: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'queued>calling', 'queued>dropped', 'queued>refused', 'calling>queued', 'calling>sent', 'calling>refused',
        'calling>unsure', 'unsure>left'
    ]) THEN
        RAISE EXCEPTION 'a report does not go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.case_id, OLD.network, OLD.asked_at, OLD.asked_by_id)
            IS DISTINCT FROM (NEW.case_id, NEW.network, NEW.asked_at, NEW.asked_by_id)
        OR OLD.words <> NEW.words AND (
            NEW.words <> '' OR NOT EXISTS (SELECT FROM watch_case WHERE id = NEW.case_id AND kind = 'neither')
        )
    THEN
        RAISE EXCEPTION 'what is reported does not change: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_network_report_in_order BEFORE INSERT OR UPDATE OR DELETE ON watch_networkreport
    FOR EACH ROW EXECUTE FUNCTION watch_network_report_in_order();
"""
NO_REPORT = """
DROP TRIGGER watch_network_report_in_order ON watch_networkreport;
DROP FUNCTION watch_network_report_in_order();
"""



class Migration(migrations.Migration):

    dependencies = [
        ('register', '0009_direct_access'),
        ('watch', '0003_figures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='NameSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.SlugField(max_length=32)),
                ('words', models.CharField(max_length=253)),
                ('searched_at', models.DateTimeField()),
                ('trouble', models.CharField(blank=True, max_length=300)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('network', 'words'), name='words_are_searched_for_in_turn'), models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='a_search_has_its_words')],
            },
        ),
        migrations.CreateModel(
            name='LookAlike',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.SlugField(max_length=32)),
                ('server', models.CharField(blank=True, max_length=255)),
                ('digest', models.CharField(max_length=64)),
                ('native_id', models.CharField(blank=True, max_length=500)),
                ('handle', models.CharField(blank=True, max_length=253)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('bio', models.CharField(blank=True, max_length=1000)),
                ('url', models.CharField(blank=True, max_length=500)),
                ('words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=253), default=list, size=None)),
                ('seen_as', models.CharField(max_length=64)),
                ('found_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('waiting', 'Waits for somebody'), ('case', 'A case'), ('dismissed', 'Not ours to deal with')], default='waiting', max_length=16)),
                ('settled_at', models.DateTimeField(null=True)),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='look_alikes', to='watch.case')),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-found_at', '-pk'],
                'indexes': [models.Index(fields=['state', '-found_at'], name='look_alikes_by_state')],
                'constraints': [models.UniqueConstraint(fields=('network', 'digest'), name='a_look_alike_is_found_once'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'case', 'dismissed'])), name='a_look_alike_is_in_a_known_state'), models.CheckConstraint(condition=models.Q(models.Q(('digest', ''), _negated=True), models.Q(('seen_as', ''), _negated=True)), name='a_look_alike_is_known_again_by_digests'), models.CheckConstraint(condition=models.Q(models.Q(('case', None), ('settled_at', None), ('settled_by', None), ('state', 'waiting')), models.Q(('case__isnull', False), ('settled_at__isnull', False), ('state', 'case')), models.Q(('case', None), ('settled_at__isnull', False), ('settled_by__isnull', False), ('state', 'dismissed')), _connector='OR'), name='a_look_alike_is_settled_by_a_case_or_a_person'), models.CheckConstraint(condition=models.Q(models.Q(('bio', ''), ('handle', ''), ('name', ''), ('native_id', ''), ('server', ''), ('state', 'dismissed'), ('url', ''), ('words', [])), models.Q(models.Q(('state', 'dismissed'), _negated=True), models.Q(('native_id', ''), _negated=True), models.Q(('handle', ''), _negated=True)), _connector='OR'), name='of_what_is_dismissed_nothing_is_kept')],
            },
        ),
        migrations.CreateModel(
            name='NetworkReport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.SlugField(max_length=32)),
                ('server', models.CharField(blank=True, max_length=255)),
                ('native_id', models.CharField(blank=True, max_length=500)),
                ('words', models.TextField(blank=True)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('queued', 'Goes out within a minute'), ('calling', 'Is going out'), ('sent', 'Reported'), ('refused', 'Not reported'), ('unsure', 'May have been reported'), ('left', 'May have been reported; a person went on'), ('dropped', 'Not reported: the case went on before')], default='queued', max_length=16)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('begun_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('said', models.CharField(blank=True, max_length=300)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='network_reports', to='watch.case')),
                ('through', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='register.account')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='network_reports_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'calling', 'unsure'])), fields=('case',), name='a_case_is_reported_once_at_a_time'), models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'calling', 'sent', 'refused', 'unsure', 'left', 'dropped'])), name='a_report_is_in_a_known_state'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', ['queued', 'calling'])), models.Q(models.Q(('state__in', ['queued', 'calling']), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='a_report_that_is_over_says_when'), models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'dropped']), models.Q(('begun_at__isnull', False), ('through__isnull', False)), ('state', 'refused'), _connector='OR'), name='a_report_that_went_out_says_through_which_account'), models.CheckConstraint(condition=models.Q(('state', 'sent'), ('reference', ''), _connector='OR'), name='only_what_was_reported_has_a_reference')],
            },
        ),
        migrations.RunSQL(LOOK_ALIKE, NO_LOOK_ALIKE),
        pinned("watch_look_alike_in_order()"),
        migrations.RunSQL(REPORT, NO_REPORT),
        pinned("watch_network_report_in_order()"),
    ]
