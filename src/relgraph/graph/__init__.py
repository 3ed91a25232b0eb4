"""The declared graph in networkx: order, cycles, propagation of versions, why and impact. Pure."""
