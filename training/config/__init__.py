"""What a run is asked to do: settings, and the command line made of them."""
