"""Faults under load: clients that keep a log of their own, and a checker that reads nothing else."""
