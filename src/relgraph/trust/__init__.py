"""Keys, signatures, attestations, policies and verdicts.

Everything that decides is a pure function over bytes that were fetched before: :mod:`.collect` brings them, :mod:`.judge`
looks at them, and what it says is a :class:`~relgraph.trust.verdict.Verdict` that carries its evidence.
"""
