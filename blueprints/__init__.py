"""One blueprint per step of the journey. Views only; ``services`` talks to Stytch and Unit."""
