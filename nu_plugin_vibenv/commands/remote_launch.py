"""`vibenv remote-launch`."""
