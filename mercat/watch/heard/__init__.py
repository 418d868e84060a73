"""What people write to the body's accounts: read, answered with whom to call, and forgotten (3.3, 3.4).

Direct messages are no part of it (3.5): no adapter lists them as mentions or comments.
"""
