"""A film from end to end."""
