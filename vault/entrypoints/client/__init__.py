"""The far side of the HTTP door: upload as a source does, collect as a customer does. Needs no vault."""
