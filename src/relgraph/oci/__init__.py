"""References, transport, layout store and artifacts of the Open Container Initiative.

The formats are those of the OCI image specification 1.1 and the OCI distribution specification 1.1
(https://github.com/opencontainers/image-spec, https://github.com/opencontainers/distribution-spec).
"""
