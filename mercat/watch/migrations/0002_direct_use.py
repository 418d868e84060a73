import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

USE = """
CREATE FUNCTION watch_direct_use_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER watch_direct_use_in_order BEFORE INSERT OR UPDATE ON watch_directuse
    FOR EACH ROW EXECUTE FUNCTION watch_direct_use_in_order();
"""
NO_USE = """
DROP TRIGGER watch_direct_use_in_order ON watch_directuse;
DROP FUNCTION watch_direct_use_in_order();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0010_broadcasts'),
        ('register', '0009_direct_access'),
        ('watch', '0001_cases'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('native_id', models.CharField(max_length=500)),
                ('url', models.CharField(blank=True, max_length=500)),
                ('text', models.TextField(blank=True)),
                ('made_at', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Waits for somebody'), ('expected', 'Expected: direct access was open'), ('taken_down', 'Taken down on the network'), ('ours', 'Ours after all'), ('misuse', 'Misuse')], max_length=16)),
                ('words', models.TextField(blank=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('taken_down_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='direct_uses', to='register.account')),
                ('exception', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='found_posts', to='register.directaccess')),
                ('ours', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='delivery.consignment')),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-made_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='CouldHave',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('why', models.CharField(choices=[('direct', 'Had direct access, and its credential was not changed before'), ('direct_before', 'Had direct access once; its credential was changed since'), ('connected', 'Connected the account here, with its credential'), ('contact', 'Point of contact of the account'), ('holder', 'Holder of the account'), ('recovery', 'Holds the role that can recover the account on its network')], max_length=16)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('direct_use', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='could_have', to='watch.directuse')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='DirectLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begun_at', models.DateTimeField()),
                ('looked_until', models.DateTimeField()),
                ('looked_at', models.DateTimeField()),
                ('far_at', models.DateTimeField()),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='direct_look', to='register.account')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('looked_until__gte', models.F('begun_at'))), name='a_look_begins_with_a_connection')],
            },
        ),
        migrations.AddIndex(
            model_name='directuse',
            index=models.Index(fields=['account', '-made_at'], name='watch_direct_of_account'),
        ),
        migrations.AddIndex(
            model_name='directuse',
            index=models.Index(condition=models.Q(('outcome', '')), fields=['-made_at'], name='watch_direct_waiting'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.UniqueConstraint(fields=('account', 'native_id'), name='a_post_past_the_tool_is_found_once'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(('native_id', ''), _negated=True), name='a_found_post_has_its_id'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', ''), ('settled_at', None), ('words', '')), models.Q(('outcome', 'expected'), ('settled_at__isnull', False), ('settled_by', None), ('words', '')), models.Q(('outcome__in', ['expected', 'taken_down', 'ours', 'misuse']), ('settled_at__isnull', False), ('settled_by__isnull', False), models.Q(('words', ''), _negated=True)), _connector='OR'), name='a_direct_use_is_settled_by_somebody_in_words'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(('settled_by', None), models.Q(('outcome', ''), _negated=True), _connector='OR'), name='who_settled_a_direct_use_said_what_it_is'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('exception__isnull', False), ('outcome', 'expected')), models.Q(models.Q(('outcome', 'expected'), _negated=True), ('exception__isnull', True)), _connector='OR'), name='what_is_expected_has_its_exception'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'taken_down'), ('taken_down_at__gte', models.F('made_at')), ('taken_down_at__isnull', False)), models.Q(models.Q(('outcome', 'taken_down'), _negated=True), ('taken_down_at__isnull', True)), _connector='OR'), name='what_was_taken_down_says_when'),
        ),
        migrations.AddConstraint(
            model_name='directuse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ours__isnull', False), ('outcome', 'ours')), models.Q(models.Q(('outcome', 'ours'), _negated=True), ('ours__isnull', True)), _connector='OR'), name='what_is_ours_names_its_post'),
        ),
        migrations.AddConstraint(
            model_name='couldhave',
            constraint=models.UniqueConstraint(fields=('direct_use', 'person', 'why'), name='somebody_could_have_for_a_reason_once'),
        ),
        AppendOnly(
            "watch_directuse",
            ("outcome", "words", "settled_at", "settled_by_id", "exception_id", "taken_down_at", "ours_id", "gone_at"),
        ),
        AppendOnly("watch_couldhave"),
        migrations.RunSQL(USE, NO_USE),
        pinned("watch_direct_use_in_order()"),
    ]
