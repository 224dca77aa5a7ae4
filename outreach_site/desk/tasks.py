"""The desk's task: something for an idle cluster to begin (heartbeat.py)."""


def knock() -> None:
    """Does nothing: that it began is the news."""
