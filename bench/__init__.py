"""What the app can bear, measured on loopback: ``make bench``. Nothing here is needed to run it."""
