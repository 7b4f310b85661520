"""XML from outside: safe parsing, and GML shapes."""
