"""The door for people: web pages."""
