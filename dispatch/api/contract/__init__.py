"""What the service publishes about itself: the OpenAPI and the AsyncAPI document."""
