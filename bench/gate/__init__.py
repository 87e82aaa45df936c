"""How often the gate replaces a champion, by the challenger's true difference."""
