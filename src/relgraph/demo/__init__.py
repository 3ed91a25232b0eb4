"""A platform of two repositories, small and complete: what ``relgraph demo`` and the tests of releases work on."""
