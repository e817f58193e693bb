"""Features that can be deleted: remove a folder, and its name from ``EXTRAS`` in ``app.py``."""
