"""XML from outside: read safely, and the shapes of GML in it."""
