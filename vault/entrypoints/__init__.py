"""The doors: each parses, calls one use case, renders."""
