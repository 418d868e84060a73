import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import pinned

# What one is, who heard it and when, never changes; it is settled once, and then no word of it is left (a constraint).
HEARD = """
CREATE FUNCTION watch_heard_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'that something was heard is never deleted: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'new' THEN
            RAISE EXCEPTION 'something is heard before it is settled: nothing was added'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT (OLD.state || '>' || NEW.state) = ANY (ARRAY['new>signposted', 'new>nothing', 'new>forgotten']) THEN
        RAISE EXCEPTION 'what was heard does not go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    IF (OLD.account_id, OLD.kind, OLD.digest, OLD.heard_at, OLD.looks_like_report)
        IS DISTINCT FROM (NEW.account_id, NEW.kind, NEW.digest, NEW.heard_at, NEW.looks_like_report)
    THEN
        RAISE EXCEPTION 'what was heard is one thing: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER watch_heard_in_order BEFORE INSERT OR UPDATE OR DELETE ON watch_heard
    FOR EACH ROW EXECUTE FUNCTION watch_heard_in_order();
"""
NOT_HEARD = """
DROP TRIGGER watch_heard_in_order ON watch_heard;
DROP FUNCTION watch_heard_in_order();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0010_broadcasts'),
        ('register', '0009_direct_access'),
        ('watch', '0006_profiles'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MentionsLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('looked_until', models.DateTimeField()),
                ('looked_at', models.DateTimeField()),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='mentions_look', to='register.account')),
            ],
        ),
        migrations.CreateModel(
            name='CommentsLook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asked_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('next_at', models.DateTimeField(null=True)),
                ('trouble', models.CharField(blank=True, max_length=300)),
                ('consignment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='comments_look', to='delivery.consignment')),
            ],
            options={
                'indexes': [models.Index(fields=['next_at'], name='watch_comments_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(('next_at', None), ('next_at__gt', models.F('asked_at')), _connector='OR'), name='comments_are_read_again_later')],
            },
        ),
        migrations.CreateModel(
            name='Heard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mention', 'Mention'), ('comment', 'Comment')], max_length=16)),
                ('digest', models.CharField(max_length=64)),
                ('heard_at', models.DateTimeField()),
                ('looks_like_report', models.BooleanField()),
                ('native_id', models.CharField(blank=True, max_length=500)),
                ('url', models.CharField(blank=True, max_length=500)),
                ('author', models.CharField(blank=True, max_length=253)),
                ('author_name', models.CharField(blank=True, max_length=200)),
                ('text', models.TextField(blank=True)),
                ('made_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('new', 'Waits for somebody'), ('signposted', 'Signposted'), ('nothing', 'Nothing to do'), ('forgotten', 'Forgotten unsettled')], default='new', max_length=16)),
                ('settled_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='heard', to='register.account')),
                ('settled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('under', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='heard', to='delivery.consignment')),
            ],
            options={
                'ordering': ['-looks_like_report', '-made_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'new')), fields=['account', '-made_at'], name='watch_heard_waiting'), models.Index(fields=['account', 'heard_at'], name='watch_heard_of_account')],
                'constraints': [models.UniqueConstraint(fields=('account', 'digest'), name='what_is_heard_is_heard_once'), models.CheckConstraint(condition=models.Q(('state__in', ['new', 'signposted', 'nothing', 'forgotten'])), name='what_is_heard_is_in_a_known_state'), models.CheckConstraint(condition=models.Q(('digest', ''), _negated=True), name='what_is_heard_is_known_again_by_a_digest'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at', None), ('settled_by', None), ('state', 'new')), models.Q(('settled_at__isnull', False), ('settled_by__isnull', False), ('state__in', ['signposted', 'nothing'])), models.Q(('settled_at__isnull', False), ('settled_by', None), ('state', 'forgotten')), _connector='OR'), name='what_is_heard_is_settled_by_a_person_or_its_time'), models.CheckConstraint(condition=models.Q(models.Q(('made_at__isnull', False), ('state', 'new'), models.Q(('native_id', ''), _negated=True)), models.Q(models.Q(('state', 'new'), _negated=True), ('author', ''), ('author_name', ''), ('made_at', None), ('native_id', ''), ('text', ''), ('under', None), ('url', '')), _connector='OR'), name='of_what_is_settled_no_word_is_kept')],
            },
        ),
        migrations.RunSQL(HEARD, NOT_HEARD),
        pinned("watch_heard_in_order()"),
    ]
