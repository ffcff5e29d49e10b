"""The desk: what support staff see and do. Pages read the record; every write goes through `ticketing.service`."""
