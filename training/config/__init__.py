"""Settings of a run, the command line made of them, and what commands show of the log."""
