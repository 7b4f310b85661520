"""Records the examples of the OpenAPI and the AsyncAPI document from a running service."""
