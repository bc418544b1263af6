"""vibenv's Nushell plugin."""
