"""The one place that joins the ports with their adapters.

`founding` makes a vault, `opening` opens one, `mirrors` adds a folder of slots. A command imports the one
it needs.
"""
