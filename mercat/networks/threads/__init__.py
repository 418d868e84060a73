"""Threads, by its own interface of Meta's."""
