import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

CHANGE = """
CREATE FUNCTION watch_profile_change_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER watch_profile_change_in_order BEFORE INSERT OR UPDATE OR DELETE ON watch_profilechange
    FOR EACH ROW EXECUTE FUNCTION watch_profile_change_in_order();
"""
NO_CHANGE = """
DROP TRIGGER watch_profile_change_in_order ON watch_profilechange;
DROP FUNCTION watch_profile_change_in_order();
"""

FINDING = """
CREATE FUNCTION watch_profile_finding_ends_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND NEW.ended_at IS NOT NULL OR TG_OP = 'UPDATE' AND OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'a finding is found before it ends, and ends once: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_profile_finding_ends_once BEFORE INSERT OR UPDATE ON watch_profilefinding
    FOR EACH ROW EXECUTE FUNCTION watch_profile_finding_ends_once();
"""
NO_FINDING = """
DROP TRIGGER watch_profile_finding_ends_once ON watch_profilefinding;
DROP FUNCTION watch_profile_finding_ends_once();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('images', '0003_videos'),
        ('register', '0009_direct_access'),
        ('watch', '0005_direct_mended'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Branding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('bio', models.TextField()),
                ('assigned_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='brandings', to='register.account')),
                ('assigned_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('avatar', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='images.picture')),
                ('banner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='images.picture')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='MessagesOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='messages_off', to='register.account')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ProfileChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('name', 'Name'), ('bio', 'Bio'), ('avatar', 'Picture'), ('banner', 'Banner')], max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('queued', 'Is put back within a minute'), ('calling', 'Is being put back'), ('done', 'Put back'), ('refused', 'Not put back'), ('unsure', 'May have been put back')], default='queued', max_length=16)),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('begun_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('said', models.CharField(blank=True, max_length=300)),
                ('seen_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='profile_changes', to='register.account')),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('branding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='watch.branding')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ProfileFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('name', 'Its name is another than the assigned one'), ('bio', 'Its bio is another than the assigned one'), ('numbers', 'Its bio does not name the numbers to call'), ('avatar', 'Its picture was changed'), ('banner', 'Its banner was changed'), ('avatar-unsure', 'Nobody has said that its picture is right'), ('banner-unsure', 'Nobody has said that its banner is right'), ('unread', 'It could not be looked at'), ('messages', 'Nobody has said for a year that direct messages are switched off')], max_length=16)),
                ('said', models.TextField(blank=True)),
                ('found_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='profile_findings', to='register.account')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='ProfileLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('looked_at', models.DateTimeField()),
                ('next_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('bio', models.TextField(blank=True)),
                ('avatar', models.CharField(blank=True, max_length=64)),
                ('banner', models.CharField(blank=True, max_length=64)),
                ('avatar_told', models.BooleanField(default=False)),
                ('banner_told', models.BooleanField(default=False)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='profile_look', to='register.account')),
            ],
        ),
        migrations.CreateModel(
            name='RightPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(choices=[('avatar', 'Picture'), ('banner', 'Banner')], max_length=8)),
                ('digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='right_pictures', to='register.account')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('picture', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='images.picture')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='branding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('bio', ''), _negated=True)), name='branding_has_a_name_and_a_bio'),
        ),
        migrations.AddIndex(
            model_name='profilechange',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['due_at'], name='profile_changes_due'),
        ),
        migrations.AddConstraint(
            model_name='profilechange',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['queued', 'calling'])), fields=('account', 'part'), name='a_part_is_put_back_once_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='profilechange',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'calling', 'done', 'refused', 'unsure'])), name='a_put_back_is_in_a_known_state'),
        ),
        migrations.AddConstraint(
            model_name='profilechange',
            constraint=models.CheckConstraint(condition=models.Q(('part__in', ['name', 'bio', 'avatar', 'banner'])), name='what_is_put_back_is_a_part'),
        ),
        migrations.AddConstraint(
            model_name='profilechange',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state__in', ['queued', 'calling'])), models.Q(models.Q(('state__in', ['queued', 'calling']), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='a_put_back_that_is_over_says_when'),
        ),
        migrations.AddConstraint(
            model_name='profilechange',
            constraint=models.CheckConstraint(condition=models.Q(('seen_at', None), ('state', 'done'), _connector='OR'), name='only_what_was_put_back_is_seen'),
        ),
        migrations.AddConstraint(
            model_name='profilefinding',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('account', 'kind'), name='a_profile_has_one_finding_of_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='profilefinding',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['name', 'bio', 'numbers', 'avatar', 'banner', 'avatar-unsure', 'banner-unsure', 'unread', 'messages'])), name='a_profile_finding_is_of_a_known_kind'),
        ),
        migrations.AddConstraint(
            model_name='profilefinding',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('found_at')), _connector='OR'), name='a_profile_finding_ends_later'),
        ),
        migrations.AddIndex(
            model_name='profilelook',
            index=models.Index(fields=['next_at'], name='profile_looks_due'),
        ),
        migrations.AddConstraint(
            model_name='profilelook',
            constraint=models.CheckConstraint(condition=models.Q(('next_at__gte', models.F('looked_at'))), name='a_profile_is_looked_at_later'),
        ),
        migrations.AddConstraint(
            model_name='profilelook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('tries', 0), ('trouble', '')), models.Q(('tries__gt', 0), models.Q(('trouble', ''), _negated=True)), _connector='OR'), name='a_look_at_a_profile_that_failed_says_why'),
        ),
        migrations.AddConstraint(
            model_name='rightpicture',
            constraint=models.CheckConstraint(condition=models.Q(('digest', ''), _negated=True), name='a_right_picture_has_its_digest'),
        ),
        migrations.AddConstraint(
            model_name='rightpicture',
            constraint=models.CheckConstraint(condition=models.Q(('part__in', ['avatar', 'banner'])), name='a_right_picture_is_of_a_part'),
        ),
        AppendOnly("watch_branding"),
        AppendOnly("watch_messagesoff"),
        AppendOnly("watch_rightpicture"),
        AppendOnly("watch_profilefinding", ["ended_at"]),
        migrations.RunSQL(CHANGE, NO_CHANGE),
        pinned("watch_profile_change_in_order()"),
        migrations.RunSQL(FINDING, NO_FINDING),
        pinned("watch_profile_finding_ends_once()"),
    ]
