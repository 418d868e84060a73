from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import PIN, pinned

# What a correction was written from still stands where it is made; and one that came to nothing is tried again only
# as it was approved, while its version is the present one.
APPROVED = """
CREATE OR REPLACE FUNCTION posts_correction_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved posts_version := (SELECT version FROM posts_version version WHERE version.manifest_id = NEW.manifest_id);
    corrected delivery_consignment := (SELECT row FROM delivery_consignment row WHERE row.id = NEW.consignment_id);
    given bigint := (
        SELECT count(DISTINCT approver_id) FROM posts_approval approval
        WHERE version_id = approved.id AND account_id = corrected.account_id AND digest = NEW.manifest_id
            AND NOT EXISTS (SELECT 1 FROM posts_voidapproval void WHERE void.approval_id = approval.id)
    );
    stands text := coalesce((
        SELECT row.manifest_id FROM delivery_correction row
        WHERE row.consignment_id = NEW.consignment_id AND row.result = 'done' ORDER BY row.ended_at DESC LIMIT 1
    ), corrected.manifest_id);
BEGIN
    -- One that is tried again may have been approved once more since.
    IF given = 0 OR NEW.approvals > given OR (TG_OP = 'INSERT' AND NEW.approvals <> given) THEN
        RAISE EXCEPTION 'a correction has the approvals of its very version and account: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.author_id <> approved.author_id
        OR NEW.post_ref <> 'post:' || approved.post_id
        OR corrected.post_ref IS DISTINCT FROM
            'post:' || (SELECT corrects_id FROM posts_post post WHERE post.id = approved.post_id)
    THEN
        RAISE EXCEPTION 'a correction says what its version says: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    IF stands IS DISTINCT FROM
        (SELECT began_from ->> corrected.account_id::text FROM posts_post post WHERE post.id = approved.post_id)
    THEN
        RAISE EXCEPTION 'what a correction was written from stands no more: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND (
        OLD.result <> 'failed' OR NEW.recalled
        OR NOT EXISTS (
            SELECT FROM posts_post post
            WHERE post.id = approved.post_id AND post.current_id = approved.id
                AND post.state IN ('submitted', 'approved')
        )
    ) THEN
        RAISE EXCEPTION 'only the present version of what could not be corrected is tried again: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_correction_is_approved_again BEFORE UPDATE ON delivery_correction FOR EACH ROW
    WHEN (OLD.result <> '' AND NEW.result = '') EXECUTE FUNCTION posts_correction_is_approved();
CREATE TRIGGER posts_began_from_stays BEFORE UPDATE ON posts_post FOR EACH ROW
    WHEN (OLD.began_from IS DISTINCT FROM NEW.began_from)
    EXECUTE FUNCTION posts_stays('what a correction began from');
"""
AS_BEFORE = """
DROP TRIGGER posts_correction_is_approved_again ON delivery_correction;
DROP TRIGGER posts_began_from_stays ON posts_post;
CREATE OR REPLACE FUNCTION posts_correction_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved posts_version := (SELECT version FROM posts_version version WHERE version.manifest_id = NEW.manifest_id);
    corrected delivery_consignment := (SELECT row FROM delivery_consignment row WHERE row.id = NEW.consignment_id);
    given bigint := (
        SELECT count(DISTINCT approver_id) FROM posts_approval approval
        WHERE version_id = approved.id AND account_id = corrected.account_id AND digest = NEW.manifest_id
            AND NOT EXISTS (SELECT 1 FROM posts_voidapproval void WHERE void.approval_id = approval.id)
    );
BEGIN
    IF given = 0 OR NEW.approvals <> given THEN
        RAISE EXCEPTION 'a correction has the approvals of its very version and account: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.author_id <> approved.author_id
        OR NEW.post_ref <> 'post:' || approved.post_id
        OR corrected.post_ref IS DISTINCT FROM
            'post:' || (SELECT corrects_id FROM posts_post post WHERE post.id = approved.post_id)
    THEN
        RAISE EXCEPTION 'a correction says what its version says: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('images', '0003_videos'),
        ('delivery', '0012_corrections'),
        ('posts', '0008_corrections'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='post',
            name='began_from',
            field=models.JSONField(default=dict),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(('corrects__isnull', False), ('began_from', {}), _connector='OR'), name='only_a_correction_began_from_something'),
        ),
        migrations.RunSQL(APPROVED, AS_BEFORE + PIN.format(function="posts_correction_is_approved()")),
        pinned("posts_correction_is_approved()"),
    ]
