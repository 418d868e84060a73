"""Hootsuite, for bodies that keep it: a social profile that Hootsuite publishes to, by its REST API."""
