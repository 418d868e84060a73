"""What the rooms above are told of the record, inside the transaction in which it grows.

A receiver that raises takes the whole act back. Receivers are connected in their room's `AppConfig.ready`.
"""

from django.dispatch import Signal

recorded = Signal()  # events=: those that were appended just now, in their order
