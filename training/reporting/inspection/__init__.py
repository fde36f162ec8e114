"""What looking a folder of videos over has found: one page and tables, without a server."""
