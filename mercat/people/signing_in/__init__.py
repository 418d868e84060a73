"""Signing in (clause 5.5): passphrases, second factors, single sign-on, sessions, recent proof, and recovery.

What is taken from django-allauth and what is not: docs/adr/0012-sign-in-on-allauths-parts.md
"""
