"""HTTP and WebSocket routes: who is allowed what, and one call each."""
