"""Jobs of the command line over the geography: locate a file of points, check and install a layer of parishes."""
