"""Stand-ins for the actions that the workflows use, and for `cml`: what they do on GitHub, without a network."""
