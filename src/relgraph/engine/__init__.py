"""The build engine: plans of steps are carried out once, in order, and only where something changed."""
