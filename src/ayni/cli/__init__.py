"""The door for hands: the command line."""
