import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned


IN_ORDER = """
CREATE FUNCTION watch_case_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a case is never deleted: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'new' OR NEW.kind <> '' THEN
            RAISE EXCEPTION 'a case is reported before it is looked at: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY[
        'new>unauthorised', 'new>fake', 'new>closed', 'unauthorised>fake', 'unauthorised>closed', 'fake>reported',
        'fake>unauthorised', 'fake>closed', 'reported>fake', 'reported>unauthorised', 'reported>closed', 'closed>new'
    ]) THEN
        RAISE EXCEPTION 'a case does not go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.state = 'closed' AND OLD.kind = 'neither' THEN
        RAISE EXCEPTION 'what was nobody''s business stays closed: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind <> 'neither' AND (OLD.network, OLD.key, OLD.address) IS DISTINCT FROM (NEW.network, NEW.key, NEW.address)
        OR OLD.found_at <> NEW.found_at
    THEN
        RAISE EXCEPTION 'a case is about one account: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_case_in_order BEFORE INSERT OR UPDATE OR DELETE ON watch_case
    FOR EACH ROW EXECUTE FUNCTION watch_case_in_order();
"""
NOT_IN_ORDER = """
DROP TRIGGER watch_case_in_order ON watch_case;
DROP FUNCTION watch_case_in_order();
"""

EMPTIED = """
CREATE FUNCTION watch_note_is_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.words <> '' OR NEW.picture_id IS NOT NULL
        OR NOT EXISTS (SELECT FROM watch_case WHERE id = NEW.case_id AND kind = 'neither')
    THEN
        RAISE EXCEPTION 'a note of a case stays as it is: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_note_is_emptied BEFORE UPDATE ON watch_casenote
    FOR EACH ROW EXECUTE FUNCTION watch_note_is_emptied();
"""
NOT_EMPTIED = """
DROP TRIGGER watch_note_is_emptied ON watch_casenote;
DROP FUNCTION watch_note_is_emptied();
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('images', '0003_videos'),
        ('register', '0009_direct_access'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.SlugField(blank=True, max_length=32)),
                ('key', models.CharField(blank=True, max_length=500)),
                ('address', models.CharField(blank=True, max_length=500)),
                ('found_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('new', 'To be looked at'), ('unauthorised', 'Unauthorised'), ('fake', 'Fake, to be reported'), ('reported', 'Fake, reported to the platform'), ('closed', 'Closed')], default='new', max_length=16)),
                ('kind', models.CharField(blank=True, choices=[('', 'Not looked at yet'), ('unauthorised', 'Unauthorised'), ('fake', 'Fake'), ('neither', 'Neither')], max_length=16)),
                ('who', models.CharField(blank=True, choices=[('', 'Not asked yet'), ('inside', 'Somebody of the body’s own people'), ('outside', 'Somebody else'), ('not-known', 'Not known')], max_length=16)),
                ('branding', models.BooleanField(null=True)),
                ('content', models.BooleanField(null=True)),
                ('false_words', models.BooleanField(null=True)),
                ('triaged_at', models.DateTimeField(null=True)),
                ('reported_at', models.DateTimeField(null=True)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('look_at', models.DateTimeField(null=True)),
                ('told_to_look_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Open'), ('taken-down', 'Taken down by the platform'), ('left-up', 'Left up by the platform'), ('gone', 'Closed by whoever ran it'), ('regularised', 'Official now, by an approved application'), ('neither', 'Neither unauthorised nor fake: forgotten')], max_length=16)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('imitates', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='imitations', to='register.account')),
                ('regularised_as', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='register.account')),
                ('triaged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-found_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='CaseNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('found', 'Reported here'), ('note', 'Noted'), ('picture', 'Picture added'), ('triaged', 'Looked at'), ('reported', 'Reported to the platform'), ('still-there', 'Still there'), ('refused', 'The platform did not act'), ('closed', 'Closed'), ('reopened', 'Seen again')], max_length=16)),
                ('at', models.DateTimeField()),
                ('words', models.TextField(blank=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='watch.case')),
                ('picture', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='case_notes', to='images.picture')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['state', 'found_at'], name='cases_by_state'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'closed'), _negated=True), fields=('network', 'key'), name='a_found_account_has_one_open_case'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['new', 'unauthorised', 'fake', 'reported', 'closed'])), name='a_case_is_in_a_known_state'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'new'), models.Q(('kind', 'unauthorised'), ('state', 'unauthorised')), models.Q(('kind', 'fake'), ('state__in', ['fake', 'reported'])), models.Q(('kind__in', ['unauthorised', 'fake', 'neither']), ('state', 'closed')), _connector='OR'), name='a_case_ends_in_one_of_the_reports'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('branding', None), ('content', None), ('false_words', None), ('kind', ''), ('triaged_at', None), ('who', '')), models.Q(models.Q(('kind', ''), _negated=True), models.Q(('who', ''), _negated=True), ('branding__isnull', False), ('content__isnull', False), ('false_words__isnull', False), ('triaged_at__isnull', False), ('triaged_by__isnull', False)), _connector='OR'), name='what_a_case_is_has_its_answers'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), models.Q(('outcome', ''), _negated=True), ('closed_at__isnull', False), ('closed_by__isnull', False)), models.Q(models.Q(('state', 'closed'), _negated=True), ('closed_at', None), ('closed_by', None), ('outcome', ''), ('regularised_as', None)), _connector='OR'), name='a_closed_case_has_an_outcome'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('outcome', ''), models.Q(('kind', 'fake'), ('outcome__in', ['taken-down', 'left-up'])), models.Q(('kind', 'unauthorised'), ('outcome__in', ['gone', 'regularised'])), models.Q(('kind', 'neither'), ('outcome', 'neither')), _connector='OR'), name='the_outcome_fits_what_it_is'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'regularised'), ('regularised_as__isnull', False)), models.Q(models.Q(('outcome', 'regularised'), _negated=True), ('regularised_as', None)), _connector='OR'), name='only_an_official_account_regularises'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('imitates', None), ('key', ''), ('kind', 'neither'), ('network', ''), ('reference', ''), ('reported_at', None)), models.Q(models.Q(('kind', 'neither'), _negated=True), models.Q(('key', ''), _negated=True), models.Q(('address', ''), _negated=True)), _connector='OR'), name='of_what_is_neither_nothing_is_kept'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('look_at__isnull', False), ('reported_at__isnull', False), ('state', 'reported')), models.Q(models.Q(('state', 'reported'), _negated=True), ('look_at', None)), _connector='OR'), name='what_is_reported_is_looked_at_again'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.CheckConstraint(condition=models.Q(('reported_at', None), ('reported_at__gte', models.F('found_at')), _connector='OR'), name='a_report_follows_the_find'),
        ),
        migrations.AddIndex(
            model_name='casenote',
            index=models.Index(fields=['by', 'kind', 'at'], name='case_notes_by_person'),
        ),
        AppendOnly('watch_casenote', ('words', 'picture_id')),
        migrations.RunSQL(IN_ORDER, NOT_IN_ORDER),
        pinned("watch_case_in_order()"),
        migrations.RunSQL(EMPTIED, NOT_EMPTIED),
        pinned("watch_note_is_emptied()"),
    ]
