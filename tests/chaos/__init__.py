"""The proof that nothing is lost and nothing is knowingly sent twice: everything fails at once, and both ends count.

    python -m tests.chaos --orders 10000 --kills 14 --groups 6 --restarts 3 --freezes 1 --freeze-s 15 --faults 0.05

With ``--policy hold`` nothing in doubt is sent again; with ``--sentinel`` a restart and a freeze are failovers.

Real workers send to providers that misbehave by a seeded plan (`providers`), while their processes, their server and
their connections are killed, frozen and cut (`mayhem`). What the providers hold and what the queue says must agree
(`verdict`).
"""
