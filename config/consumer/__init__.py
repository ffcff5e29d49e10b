"""Works the event sources where no Lambda does it: queues by long poll, streams from a checkpoint under a lease."""
