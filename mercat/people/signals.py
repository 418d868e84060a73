"""What the rooms above are told of people, inside the transaction in which it happens.

A receiver that raises takes the whole act back: what follows a leaver happens with the leaving, or neither happens.
Receivers are connected in their room's `AppConfig.ready`.
"""

from django.dispatch import Signal

left = Signal()  # person=, by=, now=: off the list of active people, with all that they held
moved = Signal()  # person=, unit=, rank=, now=: another unit or rank than these before; `person` has the new ones
access_ended = Signal()  # person=, now=: their access, authorisation and licence, by those who may end it
training_runs_out = Signal()  # person=, now=: receivers return further people who are told of it
