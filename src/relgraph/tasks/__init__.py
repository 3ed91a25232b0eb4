"""The second front end: an invoke collection generated from the command table."""
