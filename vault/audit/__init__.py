"""The access log as a Merkle tree: entries, tree, tiles, proofs, checkpoints and certificates.

Everything here is pure: no file, no database, no clock. Whoever stores the log asks `proof` and `tiles`
which hashes it needs, fetches them in its own way, and hands them back. Read in this order:

    entry, canonical   what the log holds, byte for byte (RFC 8785)
    tree               leaf and node hashes, and the right edge that grows (RFC 6962, 2.1)
    tiles, bundle      how hashes and entries are cut into files (C2SP tlog-tiles)
    proof              inclusion and consistency: what is needed, what proof, does it hold (RFC 6962, 2.1.1-2)
    checkpoint         the signed size and root (C2SP tlog-checkpoint)
    tlog_proof         one entry proven to a stranger (C2SP tlog-proof)
    certificate        the same for a destruction
    growth, verify     everything recomputed from the entries
"""
