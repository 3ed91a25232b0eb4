"""The functions of the command table, one module each; each takes values and a terminal and returns an exit status."""
