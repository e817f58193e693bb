"""``python -m stytch_unit_emulator`` is the command ``stytch-unit-emulator``."""

from .cli import main

main(prog_name="stytch-unit-emulator")
