"""No step of a joining is skipped, taken twice by one person, changed or deleted, by whatever route its row comes."""

from django.db import migrations

from mercat.audit.migration_operations import AppendOnly, pinned

# What may be set once; an end is an end. Everything else of a row stays as it was written.
ENDS = {
    "people_nomination": ["ended_at"],
    "people_completion": ["ended_at"],
    "people_authorisation": ["ended_at"],
    "people_access": ["opened_at", "opened_by_id", "rejected_by_id", "ended_at"],
    "people_licence": ["ended_at"],
    "people_sentback": ["ended_at"],
}

FUNCTIONS = """
CREATE FUNCTION people_set_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND (OLD.ended_at IS NOT NULL OR EXISTS (
        SELECT FROM jsonb_each(to_jsonb(OLD)) AS was
        WHERE was.value <> 'null'::jsonb AND was.value IS DISTINCT FROM to_jsonb(NEW) -> was.key
    )) THEN
        RAISE EXCEPTION '%: what has been set once stays as it is', TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'a_step_stays_as_it_is';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION people_requires(wanted text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM people_requiredstep) THEN
        RAISE EXCEPTION 'The steps that the pack requires have not been laid down: run `mercat seed`.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'the_steps_in_order';
    END IF;
    RETURN EXISTS (SELECT FROM people_requiredstep WHERE step = wanted);
END $$;

CREATE FUNCTION people_holds(holds boolean, otherwise text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION '%', otherwise
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'the_steps_in_order';
    END IF;
END $$;

CREATE FUNCTION people_is_nominated(who uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM people_nomination WHERE person_id = who AND ended_at IS NULL)
$$;

CREATE FUNCTION people_counts(row_ people_completion, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT row_.signed_off AND row_.ended_at IS NULL AND row_.completed_at <= moment AND moment < row_.expires_at
        AND NOT EXISTS (
            SELECT FROM people_requiredstep WHERE step = 'record_completion' AND subject <> row_.course
        )
$$;

-- Whoever took a standing step for somebody. A trainer is of the chain once something rests on their signature.
CREATE FUNCTION people_takers(who uuid) RETURNS TABLE (taker uuid) LANGUAGE sql STABLE AS $$
    SELECT by_id FROM people_nomination WHERE person_id = who AND ended_at IS NULL
    UNION ALL
    SELECT authorised.by_id FROM people_authorisation AS authorised WHERE person_id = who AND ended_at IS NULL
    UNION ALL
    SELECT trained.trainer_id FROM people_authorisation AS authorised
        JOIN people_completion AS trained ON trained.id = authorised.completion_id
        WHERE authorised.person_id = who AND authorised.ended_at IS NULL
    UNION ALL
    SELECT unnest(ARRAY[confirmed_by_id, opened_by_id]) FROM people_access WHERE person_id = who AND ended_at IS NULL
    UNION ALL
    SELECT by_id FROM people_licence WHERE person_id = who AND ended_at IS NULL
$$;

CREATE FUNCTION people_nobody_twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM people_takers(NEW.person_id) WHERE taker IS NOT NULL GROUP BY taker HAVING count(*) > 1
    ) THEN
        RAISE EXCEPTION 'Nobody takes two steps in one person''s joining: a colleague takes this one.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'nobody_takes_two_steps';
    END IF;
    RETURN NULL;
END $$;

-- What is signed off here by hand is a step like the others; what was imported is a record of another system.
CREATE FUNCTION people_trainer_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.trainer_id IN (
        SELECT taker FROM people_takers(NEW.person_id) WHERE taker IS NOT NULL
        EXCEPT
        SELECT trained.trainer_id FROM people_authorisation AS authorised
            JOIN people_completion AS trained ON trained.id = authorised.completion_id
            WHERE authorised.person_id = NEW.person_id AND authorised.ended_at IS NULL
    ) THEN
        RAISE EXCEPTION 'Nobody takes two steps in one person''s joining: a colleague takes this one.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'nobody_takes_two_steps';
    END IF;
    RETURN NULL;
END $$;

-- One after another for one person: two at once would each not see what the other does.
CREATE FUNCTION people_one_at_a_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM people_person WHERE id = NEW.person_id FOR NO KEY UPDATE;
    RETURN NEW;
END $$;

CREATE FUNCTION people_authorisation_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    rests_on people_completion;
BEGIN
    PERFORM people_holds(
        NOT people_requires('nominate') OR people_is_nominated(NEW.person_id),
        'Nobody has nominated this person: authorisation comes after nomination.'
    );
    SELECT * INTO rests_on FROM people_completion WHERE id = NEW.completion_id;
    PERFORM people_holds(
        rests_on.person_id = NEW.person_id AND people_counts(rests_on, NEW.at),
        'Authorisation rests on a completion of the course by this person, signed off and in force.'
    );
    RETURN NEW;
END $$;

CREATE FUNCTION people_access_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        PERFORM people_holds(
            OLD.opened_at IS NULL OR OLD.opened_by_id IS NOT DISTINCT FROM NEW.opened_by_id,
            'Who opened access stays as it is.'
        );
        IF OLD.opened_at IS NOT NULL OR NEW.opened_at IS NULL THEN
            RETURN NEW;
        END IF;
    ELSIF people_requires('confirm_training') THEN
        PERFORM people_holds(NEW.opened_at IS NULL, 'Access is opened after the training was confirmed, not with it.');
    END IF;
    PERFORM people_holds(
        NOT people_requires('authorise_access') OR EXISTS (
            SELECT FROM people_authorisation WHERE person_id = NEW.person_id AND ended_at IS NULL
        ),
        'Access has not been authorised for this person.'
    );
    IF NEW.opened_at IS NULL THEN
        RETURN NEW;
    END IF;
    PERFORM people_holds(
        NOT people_requires('nominate') OR people_is_nominated(NEW.person_id), 'Nobody has nominated this person.'
    );
    PERFORM people_holds(
        NOT people_requires('record_completion') OR people_requires('authorise_access') OR EXISTS (
            SELECT FROM people_completion AS done
            WHERE done.person_id = NEW.person_id AND people_counts(done, NEW.opened_at)
        ),
        'There is no completion of the course in force for this person.'
    );
    PERFORM people_holds(
        NOT EXISTS (
            SELECT FROM people_requiredstep AS required WHERE required.step = 'acknowledge' AND NOT EXISTS (
                SELECT FROM people_acknowledgement AS accepted
                WHERE accepted.person_id = NEW.person_id AND accepted.document = required.subject
            )
        ),
        'This person has not accepted every procedure.'
    );
    RETURN NEW;
END $$;

CREATE FUNCTION people_licence_in_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM people_holds(
        NOT people_requires('open_access') OR EXISTS (
            SELECT FROM people_access
            WHERE person_id = NEW.person_id AND ended_at IS NULL AND opened_at IS NOT NULL
        ),
        'Access has not been opened for this person: the licence comes after it.'
    );
    RETURN NEW;
END $$;
"""

# Triggers of one table fire in order of their names: first the lock, then the order, then what is set once.
TRIGGERS = """
CREATE TRIGGER a_one_at_a_time BEFORE INSERT ON people_nomination
    FOR EACH ROW EXECUTE FUNCTION people_one_at_a_time();
CREATE TRIGGER nobody_twice AFTER INSERT ON people_nomination
    FOR EACH ROW EXECUTE FUNCTION people_nobody_twice();

CREATE TRIGGER a_one_at_a_time BEFORE INSERT ON people_completion
    FOR EACH ROW WHEN (NEW.source = 'trainer') EXECUTE FUNCTION people_one_at_a_time();
CREATE TRIGGER nobody_twice AFTER INSERT ON people_completion
    FOR EACH ROW WHEN (NEW.source = 'trainer') EXECUTE FUNCTION people_trainer_once();

CREATE TRIGGER a_one_at_a_time BEFORE INSERT ON people_authorisation
    FOR EACH ROW EXECUTE FUNCTION people_one_at_a_time();
CREATE TRIGGER b_in_order BEFORE INSERT ON people_authorisation
    FOR EACH ROW EXECUTE FUNCTION people_authorisation_in_order();
CREATE TRIGGER nobody_twice AFTER INSERT ON people_authorisation
    FOR EACH ROW EXECUTE FUNCTION people_nobody_twice();

CREATE TRIGGER a_one_at_a_time BEFORE INSERT OR UPDATE ON people_access
    FOR EACH ROW EXECUTE FUNCTION people_one_at_a_time();
CREATE TRIGGER b_in_order BEFORE INSERT OR UPDATE ON people_access
    FOR EACH ROW EXECUTE FUNCTION people_access_in_order();
CREATE TRIGGER nobody_twice AFTER INSERT OR UPDATE OF opened_by_id ON people_access
    FOR EACH ROW EXECUTE FUNCTION people_nobody_twice();

CREATE TRIGGER a_one_at_a_time BEFORE INSERT ON people_licence
    FOR EACH ROW EXECUTE FUNCTION people_one_at_a_time();
CREATE TRIGGER b_in_order BEFORE INSERT ON people_licence
    FOR EACH ROW EXECUTE FUNCTION people_licence_in_order();
CREATE TRIGGER nobody_twice AFTER INSERT ON people_licence
    FOR EACH ROW EXECUTE FUNCTION people_nobody_twice();
"""
OF_TABLES = {
    "people_nomination": ["a_one_at_a_time", "nobody_twice"],
    "people_completion": ["a_one_at_a_time", "nobody_twice"],
    "people_authorisation": ["a_one_at_a_time", "b_in_order", "nobody_twice"],
    "people_access": ["a_one_at_a_time", "b_in_order", "nobody_twice"],
    "people_licence": ["a_one_at_a_time", "b_in_order", "nobody_twice"],
}
# In the order in which one needs another.
NAMES = [
    "people_set_once()",
    "people_requires(text)",
    "people_holds(boolean, text)",
    "people_is_nominated(uuid)",
    "people_counts(people_completion, timestamptz)",
    "people_takers(uuid)",
    "people_nobody_twice()",
    "people_trainer_once()",
    "people_one_at_a_time()",
    "people_authorisation_in_order()",
    "people_access_in_order()",
    "people_licence_in_order()",
]
ONCE = "".join(
    f"CREATE TRIGGER set_once BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION people_set_once();\n"
    for table in ENDS
)
DROP = "".join(
    [
        *(f"DROP TRIGGER {name} ON {table};\n" for table, names in OF_TABLES.items() for name in names),
        *(f"DROP TRIGGER set_once ON {table};\n" for table in ENDS),
        *(f"DROP FUNCTION {name};\n" for name in reversed(NAMES)),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("people", "0009_chain_of_steps")]

    operations = [
        *(AppendOnly(table, updatable=columns) for table, columns in ENDS.items()),
        AppendOnly("people_acknowledgement"),
        migrations.RunSQL(FUNCTIONS + TRIGGERS + ONCE, DROP),
        *(pinned(name) for name in NAMES),
    ]
