"""Fault injection under load: clients that keep their own logs, and a checker that relies on them."""
