import pytest

from mercat.posts import states


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("event", states.EVENTS)
def test_every_state_answers_every_event(state, event):
    if (state, event) in states.TABLE:
        assert states.after(state, event) in states.STATES
        return
    with pytest.raises(states.ImpossibleStep) as refusal:
        states.after(state, event)
    assert states.STATES[state].lower() in str(refusal.value)


def test_the_table_speaks_of_known_states_and_events_and_of_all_of_them():
    assert {state for state, _ in states.TABLE} | set(states.TABLE.values()) == set(states.STATES)
    assert {event for _, event in states.TABLE} == set(states.EVENTS)


def test_every_state_can_come_to_an_end():
    ends = {states.REJECTED, states.WITHDRAWN}
    assert not [state for state, _ in states.TABLE if state in ends]
    reaches = set(ends)
    for _ in states.STATES:
        reaches |= {state for (state, _), target in states.TABLE.items() if target in reaches}
    assert reaches == set(states.STATES)


def test_nothing_is_decided_but_what_was_submitted():
    for event in ("approve", "send_back", "reject"):
        assert [state for state, known in states.TABLE if known == event] == [states.SUBMITTED]


def test_the_drawing_shows_every_step():
    drawing = states.drawing()
    assert all(f"{state} --> {target}: {event}" in drawing for (state, event), target in states.TABLE.items())
