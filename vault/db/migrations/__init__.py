"""How the tables came to be, revision by revision. Run by `schema.upgrade`."""
