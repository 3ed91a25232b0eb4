"""The command table and its front end; thin: parse, call, print, exit."""
