"""What lies under slots, and how it is sealed and opened there: headers, identities, call details, sessions.

Beside it what a row has to prove before anything is destroyed on its word: by its slot (`own_slots`), by the
signed log (`signed_log`, `endings`), or by the service's keys (`terms`, `renewals`).

Between the ports and the use cases: it knows keys and slots, and no verb of the product.
"""
