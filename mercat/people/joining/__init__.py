"""From nomination to licence (clauses 2.2, 2.3, 5.4, 5.8, 5.9): the order of steps, their queues, what is read."""
