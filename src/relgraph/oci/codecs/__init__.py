"""Artifacts: from files to manifests and blobs, and back. One module a format; :mod:`.registry` lists them.

The same files give the same digests on every machine: entries are sorted, owners and times are not the machine's, and
nothing depends on the locale, the umask or the order in which a folder is read.
"""
