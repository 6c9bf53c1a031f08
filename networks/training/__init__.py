"""How networks are trained and retrained, and their accuracy shown."""
