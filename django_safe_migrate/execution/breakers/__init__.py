"""
Circuit breakers: conditions that pause or stop a plan while it is carried out.

Each file but ``watch`` and ``guard`` has the breakers of one topic. They are looked at in threads of their own, and never break a run by a question
that is not answered.
"""
