"""Made-up requests to every route of the API, by its own description: no failure of ours, no answer that is not described.

    python -m tests.fuzz --cases 5000 --seed 1

schemathesis makes them, in a process of its own; here is the shop that they are sent to, with a message of every kind, so
that ids which are made up are not all that there is.
"""
