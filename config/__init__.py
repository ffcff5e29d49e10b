"""What every app depends on: settings, access to AWS, the base of the APIs, event sources. It imports no app."""
