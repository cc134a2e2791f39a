"""Would the unit tests notice a mistake? Small seeded ones in the modules that make results."""
