"""Settings, the way to AWS, the event sources: what every room stands on. It knows none of them."""
