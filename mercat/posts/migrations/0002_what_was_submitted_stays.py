from django.db import migrations

from mercat.audit.migration_operations import AppendOnly

# Four eyes, in the database too: whoever wrote any version of a post, or began it, approves none of them; and an
# approval names the digest of the very version it stands under.
FOUR_EYES = """
CREATE FUNCTION posts_four_eyes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.digest <> (SELECT manifest_id FROM posts_version WHERE id = NEW.version_id) THEN
        RAISE EXCEPTION 'this approval names another digest than its version has: nothing was approved'
            USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (
        SELECT 1 FROM posts_version written
        WHERE written.author_id = NEW.approver_id
          AND written.post_id = (SELECT post_id FROM posts_version WHERE id = NEW.version_id)
    ) OR EXISTS (
        SELECT 1 FROM posts_post begun JOIN posts_version under ON under.post_id = begun.id
        WHERE under.id = NEW.version_id AND begun.created_by_id = NEW.approver_id
    ) THEN
        RAISE EXCEPTION 'an author of a post cannot approve it: nothing was approved'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_approval_four_eyes BEFORE INSERT ON posts_approval
    FOR EACH ROW EXECUTE FUNCTION posts_four_eyes();
"""
UNDO = "DROP TRIGGER posts_approval_four_eyes ON posts_approval; DROP FUNCTION posts_four_eyes();"


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial")]

    operations = [
        AppendOnly("posts_version"),
        AppendOnly("posts_target"),
        AppendOnly("posts_approval"),
        AppendOnly("posts_remark"),
        migrations.RunSQL(FOUR_EYES, UNDO),
    ]
