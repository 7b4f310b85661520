"""Command-line jobs on geography: locate a file of points, check and install a layer of parishes."""
