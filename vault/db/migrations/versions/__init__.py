"""One module per revision; each leads from the one before it. A revision that was released never changes."""
