"""Features that can be deleted.

To delete one, remove its folder, its name in ``EXTRAS`` (``app.py``), and its tests in ``tests/extras/``. Its rules in
``static/app.css`` stand under its name and are harmless without it. Each ``__init__`` says what else belongs to it.
"""
