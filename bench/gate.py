"""One decision of the gate under the whole default pack, on prepared facts; and what it takes to gather its facts."""

from __future__ import annotations

import statistics
import time

from bench._ground import installation

ROUNDS, WARM = 5_000, 200


def run() -> dict:
    """{policies, p50_us, p99_us, queries}: of `publish`, the longest question, and the queries for its facts."""
    with installation() as sandbox:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext
        from django.utils import timezone

        from bench import _crowd
        from mercat.delivery.claims import loaded
        from mercat.delivery.facts import post_facts
        from mercat.delivery.models import Consignment
        from mercat.guidance import facts
        from mercat.guidance.gate import prepare
        from mercat.people.facts import person_facts
        from mercat.people.pack import guidance
        from mercat.posts import actions
        from mercat.register.facts import account_facts, accounts_by_id

        now = timezone.now()
        author, approver = _crowd.two_of_communications(now)
        (account,) = _crowd.accounts(1, sandbox, now)
        post = _crowd.submitted_to([account], author, now)
        actions.approve(by=approver, post=post, digest=post.current.digest, now=now)
        with CaptureQueriesContext(connection) as queries:
            row = loaded(Consignment.objects.all()).get()
            person = person_facts(row.author_id, now=now)
            place = account_facts(accounts_by_id([row.account_id])[str(row.account_id)])
        prepared, said = prepare(guidance(), person, [place]), post_facts(row)
        situation = facts.Situation(now=now, paused=row.paused)
        took = []
        for _ in range(WARM + ROUNDS):
            began = time.perf_counter_ns()
            decision = prepared.decide("publish", place, situation, said)
            took.append((time.perf_counter_ns() - began) / 1000)
        assert decision.allowed, decision.refusals
        measured = took[WARM:]
        return {
            "policies": len(guidance().pack.policies),
            "p50_us": round(statistics.median(measured), 1),
            "p99_us": round(statistics.quantiles(measured, n=100)[98], 1),
            "queries": len(queries),
        }
