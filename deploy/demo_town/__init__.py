"""The generated town: seeded and procedural, so that nothing third-party is needed for demo, tests and pictures."""
