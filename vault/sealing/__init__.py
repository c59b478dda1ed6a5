"""What lies under slots, and how it is sealed and opened there: headers, identities, call details, sessions.

Between the ports and the use cases: it knows keys and slots, and no verb of the product.
"""
