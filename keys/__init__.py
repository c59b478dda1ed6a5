"""Who can open: the age format, slots, identities, passwords, signing and custody of the root key.

Nothing here knows of recordings, customers or logs; `vault` stands on top of it.
"""
