"""Notices: what happened that somebody should hear of, in the page and, for who wants it, in a letter once a day."""
