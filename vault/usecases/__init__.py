"""What the vault does, one verb a file. Each is a plain async function over a `Vault`."""
