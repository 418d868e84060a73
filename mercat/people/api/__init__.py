"""The programming interface: for the service desk and the directory, with tokens."""
