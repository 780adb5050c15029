"""Runs workflows, remembers every step, and waits for people at no cost; knows no models."""
