"""The queue edge of requests: the Celery worker, its task, the work on one request, its heartbeat and registration."""
