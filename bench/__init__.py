"""Benchmarks on loopback: ``make bench``. The app does not need them."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "emulator" / "src"))  # as app.py does
