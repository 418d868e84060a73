import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

STATES = """
CREATE FUNCTION posts_contribution_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'waiting' OR NEW.decided_at IS NOT NULL THEN
            RAISE EXCEPTION 'a contribution waits first: nothing was added' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (OLD.state, NEW.state) NOT IN (
        ('waiting', 'used'), ('waiting', 'shelved'), ('waiting', 'declined'), ('waiting', 'taken_back'),
        ('shelved', 'used'), ('shelved', 'declined'), ('shelved', 'waiting'), ('shelved', 'taken_back'),
        ('used', 'used'), ('used', 'waiting'), ('declined', 'waiting')
    ) OR NEW.decided_at IS NULL OR NEW.decided_at < OLD.decided_at THEN
        RAISE EXCEPTION 'a contribution cannot go from % to %: nothing was changed', OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_contribution_in_order BEFORE INSERT OR UPDATE ON posts_contribution
    FOR EACH ROW EXECUTE FUNCTION posts_contribution_in_order();
"""
NO_STATES = """
DROP TRIGGER posts_contribution_in_order ON posts_contribution;
DROP FUNCTION posts_contribution_in_order();
"""

# What was handed in is whole once it is committed, and no medium joins it later.
WHOLE = """
CREATE FUNCTION posts_contribution_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.media_count <> (SELECT count(*) FROM posts_handedmedium medium WHERE medium.contribution_id = NEW.id) THEN
        RAISE EXCEPTION 'a contribution has all of its media or is not there: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER posts_contribution_is_whole AFTER INSERT ON posts_contribution
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION posts_contribution_is_whole();
"""
NOT_WHOLE = """
DROP TRIGGER posts_contribution_is_whole ON posts_contribution;
DROP FUNCTION posts_contribution_is_whole();
"""

MEDIA = """
CREATE FUNCTION posts_handed_medium_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM posts_contribution handed
        WHERE handed.id = NEW.contribution_id AND NEW.number BETWEEN 1 AND handed.media_count
            AND handed.person_id = coalesce(
                (SELECT by_id FROM images_picture WHERE id = NEW.picture_id AND handed.kind = 'pictures'),
                (SELECT by_id FROM images_video WHERE id = NEW.video_id AND handed.kind = 'video')
            )
    ) THEN
        RAISE EXCEPTION 'a medium is of the kind, the number and the person of its contribution: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_handed_medium_fits BEFORE INSERT ON posts_handedmedium
    FOR EACH ROW EXECUTE FUNCTION posts_handed_medium_fits();
"""
NO_MEDIA = """
DROP TRIGGER posts_handed_medium_fits ON posts_handedmedium;
DROP FUNCTION posts_handed_medium_fits();
"""

USES = """
CREATE FUNCTION posts_contribution_use_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.told_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM delivery_consignment sent
            WHERE sent.post_ref = 'post:' || NEW.post_id AND sent.state = 'sent'
        ) THEN
            RAISE EXCEPTION 'a contribution is told as published once, and not before it is: nothing was changed'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    -- Locked, so that it is not taken back or declined meanwhile.
    PERFORM FROM posts_contribution handed WHERE handed.id = NEW.contribution_id AND handed.state = 'used' FOR SHARE;
    IF NOT FOUND OR NEW.told_at IS NOT NULL
        OR NOT EXISTS (SELECT FROM posts_post post WHERE post.id = NEW.post_id AND post.created_by_id = NEW.by_id)
    THEN
        RAISE EXCEPTION 'whoever uses a contribution begins the post: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_contribution_use_fits BEFORE INSERT OR UPDATE ON posts_contributionuse
    FOR EACH ROW EXECUTE FUNCTION posts_contribution_use_fits();
"""
NO_USES = """
DROP TRIGGER posts_contribution_use_fits ON posts_contributionuse;
DROP FUNCTION posts_contribution_use_fits();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('delivery', '0010_broadcasts'),
        ('images', '0003_videos'),
        ('people', '0013_advice'),
        ('posts', '0006_a_video_of_a_draft'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Contribution',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('pictures', 'Pictures'), ('video', 'Video')], max_length=8)),
                ('media_count', models.PositiveSmallIntegerField()),
                ('words', models.TextField()),
                ('place', models.CharField(max_length=200)),
                ('taken_on', models.DateField()),
                ('statement', models.TextField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('shelved', 'Kept for later'), ('used', 'A post is made of it'), ('declined', 'Not used'), ('taken_back', 'Taken back')], default='waiting', max_length=16)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reason', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contributions', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contributions', to='people.unit')),
            ],
            options={
                'ordering': ['-at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='ContributionUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('told_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contribution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='posts.contribution')),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='made_of', to='posts.post')),
            ],
            options={
                'ordering': ['at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='HandedMedium',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('alt', models.TextField(blank=True)),
                ('contribution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='media', to='posts.contribution')),
                ('picture', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='handed_in', to='images.picture')),
                ('video', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='handed_in', to='images.video')),
            ],
            options={
                'ordering': ['contribution', 'number'],
            },
        ),
        migrations.AddIndex(
            model_name='contribution',
            index=models.Index(fields=['state', 'at'], name='posts_contributions_by_state'),
        ),
        migrations.AddIndex(
            model_name='contribution',
            index=models.Index(fields=['person', '-at'], name='posts_contributions_of_person'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'shelved', 'used', 'declined', 'taken_back'])), name='a_contribution_is_in_a_known_state'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'pictures'), ('media_count__gte', 1), ('media_count__lte', 4)), models.Q(('kind', 'video'), ('media_count', 1)), _connector='OR'), name='a_contribution_has_pictures_or_one_video'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('words', ''), _negated=True), models.Q(('place', ''), _negated=True), models.Q(('statement', ''), _negated=True)), name='a_contribution_is_told_in_words'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('reason', ''), ('state', 'waiting')), models.Q(('decided_at__gte', models.F('at')), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='who_decides_about_a_contribution_is_known'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'declined'), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='a_contribution_is_declined_with_a_reason'),
        ),
        migrations.AddConstraint(
            model_name='contribution',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'taken_back'), _negated=True), ('decided_by', models.F('person')), _connector='OR'), name='a_contribution_is_taken_back_by_who_handed_it_in'),
        ),
        migrations.AddIndex(
            model_name='contributionuse',
            index=models.Index(condition=models.Q(('told_at', None)), fields=['at'], name='posts_uses_to_tell'),
        ),
        migrations.AddConstraint(
            model_name='contributionuse',
            constraint=models.UniqueConstraint(fields=('contribution', 'post'), name='a_post_is_made_of_a_contribution_once'),
        ),
        migrations.AddConstraint(
            model_name='contributionuse',
            constraint=models.CheckConstraint(condition=models.Q(('told_at', None), ('told_at__gte', models.F('at')), _connector='OR'), name='a_published_contribution_is_told_after_it'),
        ),
        migrations.AddConstraint(
            model_name='handedmedium',
            constraint=models.UniqueConstraint(fields=('contribution', 'number'), name='handed_media_are_numbered'),
        ),
        migrations.AddConstraint(
            model_name='handedmedium',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('picture', None), ('video__isnull', False)), models.Q(('picture__isnull', False), ('video', None)), _connector='OR'), name='a_handed_medium_is_a_picture_or_a_video'),
        ),
        AppendOnly("posts_contribution", ("state", "decided_at", "decided_by_id", "reason")),
        AppendOnly("posts_handedmedium"),
        AppendOnly("posts_contributionuse", ("told_at",)),
        migrations.RunSQL(STATES, NO_STATES),
        migrations.RunSQL(WHOLE, NOT_WHOLE),
        migrations.RunSQL(MEDIA, NO_MEDIA),
        migrations.RunSQL(USES, NO_USES),
        pinned("posts_contribution_in_order()"),
        pinned("posts_contribution_is_whole()"),
        pinned("posts_handed_medium_fits()"),
        pinned("posts_contribution_use_fits()"),
    ]
