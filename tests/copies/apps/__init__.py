"""The empty apps, one per pattern: what a developer writes around the copied files."""
