"""What use cases need from outside, as small Protocols. Each docstring is the contract its adapters keep."""
