import pytest

from mercat.delivery import states


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("event", states.EVENTS)
def test_every_state_answers_every_event(state, event):
    if (state, event) in states.TABLE:
        assert states.after(state, event) in states.STATES
    else:
        with pytest.raises(states.ImpossibleStep, match=event):
            states.after(state, event)


def test_the_table_speaks_only_of_known_states_and_events():
    assert {state for state, _ in states.TABLE} | set(states.TABLE.values()) == set(states.STATES)
    assert {event for _, event in states.TABLE} == set(states.EVENTS)


def test_nothing_leaves_a_final_state():
    assert not [pair for pair in states.TABLE if pair[0] in states.FINAL]


def test_every_state_can_come_to_an_end():
    reaches = set(states.FINAL)
    for _ in states.STATES:
        reaches |= {state for (state, _), target in states.TABLE.items() if target in reaches}
    assert reaches == set(states.STATES)


def test_what_may_be_out_is_never_withdrawn_or_sent_again_blindly():
    for state in (states.SENDING, states.IN_DOUBT, states.NEEDS_PERSON, states.SENT):
        assert (state, "withdraw") not in states.TABLE
    assert {target for (state, event), target in states.TABLE.items() if event == "claim"} == {states.LEASED}
    assert states.sources("claim") == [states.READY]
