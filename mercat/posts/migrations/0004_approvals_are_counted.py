from django.db import migrations

from mercat.audit.migration_operations import AppendOnly, pinned

# The last look before sending reads a consignment's own numbers, so that they are checked where they are written.
APPROVED = """
CREATE FUNCTION posts_consignment_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved posts_version := (SELECT version FROM posts_version version WHERE version.manifest_id = NEW.manifest_id);
    given bigint := (
        SELECT count(DISTINCT approver_id) FROM posts_approval
        WHERE version_id = approved.id AND account_id = NEW.account_id AND digest = NEW.manifest_id
    );
BEGIN
    IF given = 0 OR NEW.approvals <> given THEN
        RAISE EXCEPTION 'a consignment has the approvals of its very version and account: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.author_id <> approved.author_id
        OR NEW.post_ref <> 'post:' || approved.post_id
        OR NEW.pillar <> approved.pillar
        OR (NEW.lane = 'warning') <> approved.warning
    THEN
        RAISE EXCEPTION 'a consignment says what its version says: nothing was set on its way'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_consignment_is_approved BEFORE INSERT ON delivery_consignment
    FOR EACH ROW EXECUTE FUNCTION posts_consignment_is_approved();
"""
NOT_APPROVED = """
DROP TRIGGER posts_consignment_is_approved ON delivery_consignment;
DROP FUNCTION posts_consignment_is_approved();
"""

STAYS = """
CREATE FUNCTION posts_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% stays: nothing was changed', TG_ARGV[0] USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER posts_consignment_stays BEFORE UPDATE ON delivery_consignment FOR EACH ROW
    WHEN (
        (OLD.id, OLD.manifest_id, OLD.account_id, OLD.post_ref, OLD.author_id, OLD.approvals, OLD.approvals_needed,
         OLD.pillar, OLD.lane, OLD.created_at)
        IS DISTINCT FROM
        (NEW.id, NEW.manifest_id, NEW.account_id, NEW.post_ref, NEW.author_id, NEW.approvals, NEW.approvals_needed,
         NEW.pillar, NEW.lane, NEW.created_at)
    )
    EXECUTE FUNCTION posts_stays('what was approved of a consignment');
CREATE TRIGGER posts_begun_by_stays BEFORE UPDATE ON posts_post FOR EACH ROW
    WHEN (OLD.created_by_id IS DISTINCT FROM NEW.created_by_id)
    EXECUTE FUNCTION posts_stays('who began a post');
"""
CHANGES = """
DROP TRIGGER posts_consignment_stays ON delivery_consignment;
DROP TRIGGER posts_begun_by_stays ON posts_post;
DROP FUNCTION posts_stays();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("posts", "0003_editors"),
        ("delivery", "0003_recalled_and_vouched"),
        ("audit", "0003_nothing_stands_in"),
    ]

    operations = [
        migrations.RunSQL(APPROVED, NOT_APPROVED),
        migrations.RunSQL(STAYS, CHANGES),
        AppendOnly("posts_post_editors"),
        pinned("posts_four_eyes()"),
        pinned("posts_consignment_is_approved()"),
        pinned("posts_stays()"),
    ]
