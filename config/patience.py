"""Waiting for AWS where nobody waits for an answer: what runs for minutes does not end at a hiccup of seconds."""

import logging

import tenacity

from config import aws

log = logging.getLogger(__name__)

# patiently(function, *arguments) calls it, and again where AWS cannot do it now, after 1, 2, 4, 8 and 16 seconds, on top
# of what each call tries by itself. Doing it twice must do no harm.
patiently = tenacity.Retrying(
    retry=tenacity.retry_if_exception_type((aws.Retryable, aws.Contended)),
    stop=tenacity.stop_after_attempt(6),
    wait=tenacity.wait_exponential(),
    before_sleep=tenacity.before_sleep_log(log, logging.WARNING),
    reraise=True,
)
