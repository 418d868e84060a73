from tests.docs.drawings import PAGE, drawn


def test_the_drawn_states_are_those_of_today():
    assert PAGE.read_text() == drawn(), "run `make reference`"
