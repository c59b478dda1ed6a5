"""What lies in the database and under slots, held against the log: a module for each kind of row.

A comparison takes entries in order, as far as they tell of its rows, and names every disagreement in the end.
It writes nothing and knows no verb of the product; `vault.usecases.verify_log` brings the entries.
"""
