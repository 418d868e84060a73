import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

# As 0004 made it, but what is void does not count.
APPROVED = """
CREATE OR REPLACE FUNCTION posts_consignment_is_approved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved posts_version := (SELECT version FROM posts_version version WHERE version.manifest_id = NEW.manifest_id);
    given bigint := (
        SELECT count(DISTINCT approver_id) FROM posts_approval approval
        WHERE version_id = approved.id AND account_id = NEW.account_id AND digest = NEW.manifest_id{standing}
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
"""
STANDING = """
            AND NOT EXISTS (SELECT 1 FROM posts_voidapproval void WHERE void.approval_id = approval.id)"""

# What is held because an approval is void goes on with another one, and by no other way.
GOES_ON = """
CREATE FUNCTION posts_goes_on_approved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(DISTINCT approver_id) FROM posts_approval approval
        JOIN posts_version version ON version.id = approval.version_id
        WHERE version.manifest_id = NEW.manifest_id AND approval.account_id = NEW.account_id
            AND approval.digest = NEW.manifest_id
            AND NOT EXISTS (SELECT 1 FROM posts_voidapproval void WHERE void.approval_id = approval.id)
        ) < NEW.approvals_needed
    THEN
        RAISE EXCEPTION 'an approval of this is void: it goes on with another one, and nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER posts_goes_on_approved BEFORE UPDATE ON delivery_consignment FOR EACH ROW
    WHEN (OLD.hold = 'leaver' AND NEW.hold <> 'leaver' AND NEW.state <> 'withdrawn')
    EXECUTE FUNCTION posts_goes_on_approved();
"""
GOES_ON_BY_ITSELF = """
DROP TRIGGER posts_goes_on_approved ON delivery_consignment;
DROP FUNCTION posts_goes_on_approved();
"""


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("audit", "0003_nothing_stands_in"),
        ("delivery", "0005_held_for_leavers"),
        ("posts", "0004_approvals_are_counted"),
    ]

    operations = [
        migrations.CreateModel(
            name="VoidApproval",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "approval",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="void", to="posts.approval"
                    ),
                ),
            ],
        ),
        migrations.AlterField(
            model_name="remark",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        AppendOnly("posts_voidapproval"),
        migrations.RunSQL(APPROVED.format(standing=STANDING), APPROVED.format(standing="")),
        migrations.RunSQL(GOES_ON, GOES_ON_BY_ITSELF),
        pinned("posts_consignment_is_approved()"),
        pinned("posts_goes_on_approved()"),
    ]
