"""Benchmarks on loopback: ``make bench``. The app does not need them."""
