"""Each pattern of the README, copied into an empty Flask app and driven against the emulator over HTTP."""
