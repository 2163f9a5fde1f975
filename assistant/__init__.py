"""A literature-review assistant that checks each sentence against the words it cites."""

__version__ = "0.1.0"
