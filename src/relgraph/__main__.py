"""The first lines of the program, also as ``python -m relgraph``: whoever interrupts it while it starts sees a line and no traceback."""

__all__ = ["run"]


def run() -> int:
    """Carry out the command line of the process and return the exit status.

    Nothing is imported before this function runs, so that an interrupt while the program itself is imported is caught here. Before
    that only Python's own start is left, which answers for itself.
    """
    try:
        from relgraph.cli.main import main  # noqa: PLC0415

        return main()
    except KeyboardInterrupt:
        import sys  # noqa: PLC0415

        if sys.stderr is not None:
            sys.stderr.write("relgraph: interrupted\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(run())
