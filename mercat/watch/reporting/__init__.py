"""Fake accounts reported by a network's own interface, where it has one: asked for by a person, sent once (4.11)."""
