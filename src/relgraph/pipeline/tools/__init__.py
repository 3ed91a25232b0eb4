"""The commands that are modelled: what each would print, write or publish."""
