"""Everything that talks to Stytch or Unit. No views and no HTML here; a blueprint calls these and renders."""
