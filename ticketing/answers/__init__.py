"""What staff write at the desk on a Zendesk ticket, on its way to Zendesk."""
