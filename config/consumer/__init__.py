"""Works the event sources where no Lambda does: queues by long poll, change streams from a checkpoint under a lease."""
