from django.db import migrations, models

from mercat.audit.migration_operations import AppendOnly, pinned

SLOT = """
CREATE FUNCTION register_slot_has_leave() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'a place begins open: nothing was added' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.application_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM register_application asked
        WHERE asked.id = NEW.application_id AND asked.decision = 'granted'
            AND (asked.network, asked.kind, asked.unit_id) = (NEW.network, NEW.tier, NEW.unit_id)
    ) THEN
        RAISE EXCEPTION 'a place is what a granted application asked for: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_slot_has_leave BEFORE INSERT ON register_slot
    FOR EACH ROW EXECUTE FUNCTION register_slot_has_leave();

CREATE FUNCTION register_slot_is_reviewed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.closed_at IS DISTINCT FROM OLD.closed_at AND (
        OLD.closed_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM register_review review
            WHERE review.slot_id = OLD.key AND review.answer = 'done' AND review.outcome IN ('merge', 'close')
                AND review.answered_at = NEW.closed_at
        )
    ) THEN
        RAISE EXCEPTION 'a place is closed by a review, once: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.review_due IS DISTINCT FROM OLD.review_due AND NOT EXISTS (
        SELECT FROM register_review review
        WHERE review.id = (SELECT max(id) FROM register_review WHERE slot_id = OLD.key AND answer = 'done')
            AND review.outcome = 'keep' AND review.next_due = NEW.review_due
    ) THEN
        RAISE EXCEPTION 'a review date is moved by a review: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_slot_is_reviewed BEFORE UPDATE ON register_slot
    FOR EACH ROW EXECUTE FUNCTION register_slot_is_reviewed();
"""
NO_SLOT = """
DROP TRIGGER register_slot_has_leave ON register_slot;
DROP FUNCTION register_slot_has_leave();
DROP TRIGGER register_slot_is_reviewed ON register_slot;
DROP FUNCTION register_slot_is_reviewed();
"""

REVIEW = """
CREATE FUNCTION register_review_is_answered_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM register_slot WHERE key = NEW.slot_id AND closed_at IS NOT NULL) THEN
            RAISE EXCEPTION 'a closed place is not reviewed: nothing was added' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF OLD.answer <> '' THEN
        RAISE EXCEPTION 'a review is answered once: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_review_is_answered_once BEFORE INSERT OR UPDATE ON register_review
    FOR EACH ROW EXECUTE FUNCTION register_review_is_answered_once();
"""
NO_REVIEW = """
DROP TRIGGER register_review_is_answered_once ON register_review;
DROP FUNCTION register_review_is_answered_once();
"""

# The pairs are those of mercat/register/standing/states.py.
ACCOUNT = """
CREATE FUNCTION register_change_is_in_the_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.was, NEW.became) NOT IN (
        ('approved', 'active'), ('approved', 'suspended'), ('approved', 'closed'),
        ('active', 'dormant'), ('active', 'suspended'), ('active', 'closed'),
        ('dormant', 'active'), ('dormant', 'suspended'), ('dormant', 'closed'),
        ('suspended', 'approved'), ('suspended', 'active'), ('suspended', 'closed')
    ) THEN
        RAISE EXCEPTION 'an account that is % does not become %: nothing was changed', NEW.was, NEW.became
            USING ERRCODE = 'check_violation';
    END IF;
    IF NOT EXISTS (SELECT FROM register_account WHERE id = NEW.account_id AND status = NEW.was) THEN
        RAISE EXCEPTION 'the account is not % now: nothing was changed', NEW.was USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_change_is_in_the_table BEFORE INSERT ON register_change
    FOR EACH ROW EXECUTE FUNCTION register_change_is_in_the_table();

CREATE FUNCTION register_account_enters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> 'approved' THEN
        RAISE EXCEPTION 'an account enters the register as approved: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    -- Locked, so that a review that is closing the place right now is waited for, and seen.
    PERFORM FROM register_slot slot
        WHERE slot.key = NEW.slot_id AND slot.closed_at IS NULL
            AND (slot.network, slot.tier, slot.unit_id) = (NEW.network, NEW.tier, NEW.unit_id)
        FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'an account enters an open place that is made for it: nothing was added'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_account_enters BEFORE INSERT ON register_account
    FOR EACH ROW EXECUTE FUNCTION register_account_enters();

CREATE FUNCTION register_account_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an account is closed, and never deleted: nothing was changed'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (OLD.id, OLD.slot_id, OLD.network, OLD.tier, OLD.unit_id, OLD.registered_at)
        IS DISTINCT FROM (NEW.id, NEW.slot_id, NEW.network, NEW.tier, NEW.unit_id, NEW.registered_at)
    THEN
        RAISE EXCEPTION 'an account stays in its place: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status IS DISTINCT FROM OLD.status AND NOT EXISTS (
        SELECT FROM register_change change
        WHERE change.id = (SELECT max(id) FROM register_change WHERE account_id = OLD.id)
            AND (change.was, change.became) = (OLD.status, NEW.status)
    ) THEN
        RAISE EXCEPTION 'the status of an account moves by a change with its reason: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'closed' AND EXISTS (
        SELECT FROM register_connection WHERE account_id = OLD.id AND length(sealed) > 0
    ) THEN
        RAISE EXCEPTION 'a closed account has no credentials: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_account_stands BEFORE UPDATE OR DELETE ON register_account
    FOR EACH ROW EXECUTE FUNCTION register_account_stands();
"""
NO_ACCOUNT = """
DROP TRIGGER register_change_is_in_the_table ON register_change;
DROP FUNCTION register_change_is_in_the_table();
DROP TRIGGER register_account_enters ON register_account;
DROP FUNCTION register_account_enters();
DROP TRIGGER register_account_stands ON register_account;
DROP FUNCTION register_account_stands();
"""

APPLICATION = """
CREATE FUNCTION register_application_is_in_writing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an application is withdrawn, and never deleted: nothing was changed'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.decision <> '' OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'an application that was decided or withdrawn stays: nothing was changed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF OLD.applied_at IS NOT NULL
        AND to_jsonb(NEW) - ARRAY['decision', 'reasons', 'decided_at', 'decided_by_id', 'withdrawn_at']
            <> to_jsonb(OLD) - ARRAY['decision', 'reasons', 'decided_at', 'decided_by_id', 'withdrawn_at']
    THEN
        RAISE EXCEPTION 'what was applied for stays in writing: nothing was changed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER register_application_is_in_writing BEFORE UPDATE OR DELETE ON register_application
    FOR EACH ROW EXECUTE FUNCTION register_application_is_in_writing();
"""
NO_APPLICATION = """
DROP TRIGGER register_application_is_in_writing ON register_application;
DROP FUNCTION register_application_is_in_writing();
"""


class Migration(migrations.Migration):
    dependencies = [("register", "0007_what_was_there"), ("audit", "0003_nothing_stands_in")]

    operations = [
        migrations.AddConstraint(
            model_name='slot',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('application', None), ('founding__isnull', False)), models.Q(('application__isnull', False), ('founding', None)), _connector='OR'), name='a_place_is_founded_or_applied_for'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('decision', ''), models.Q(('applied_at__isnull', False), ('withdrawn_at', None)), _connector='OR'), name='a_decision_is_of_what_was_applied_for'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('applied_at', None), models.Q(models.Q(('name', ''), _negated=True), models.Q(('purpose', ''), _negated=True)), _connector='OR'), name='an_application_says_what_for'),
        ),
        AppendOnly("register_founding"),
        AppendOnly("register_slot", ("closed_at", "review_due")),
        AppendOnly("register_question"),
        AppendOnly("register_change"),
        AppendOnly("register_posture"),
        AppendOnly("register_review", ("answer", "answered_at", "answered_by_id", "answer_reason")),
        migrations.RunSQL(SLOT, NO_SLOT),
        migrations.RunSQL(REVIEW, NO_REVIEW),
        migrations.RunSQL(ACCOUNT, NO_ACCOUNT),
        migrations.RunSQL(APPLICATION, NO_APPLICATION),
        pinned("register_slot_has_leave()"),
        pinned("register_slot_is_reviewed()"),
        pinned("register_review_is_answered_once()"),
        pinned("register_change_is_in_the_table()"),
        pinned("register_account_enters()"),
        pinned("register_account_stands()"),
        pinned("register_application_is_in_writing()"),
    ]
