"""What answers for the outside world in tests and on a laptop."""
