"""What a citizen's words are about: reading French as people write it, topics learnt from examples, signs of danger.

Knows nothing of cases, persons or the database: text in, proposals out.
"""
