"""Nouns and rules, pure and frozen. Nothing here reads a clock, a disk or the network."""
