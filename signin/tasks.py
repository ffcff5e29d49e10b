"""What beat has done about sign-ins."""

from django.core.management import call_command

from config.celery import app


@app.task(name="signin.clear_sessions")
def clear_sessions() -> None:
    """Delete the sessions that have ended. They may hold drafts of answers."""
    call_command("clearsessions")
