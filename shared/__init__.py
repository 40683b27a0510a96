"""Rules and wire types that the server and the phone both execute: pure functions on frozen values."""
