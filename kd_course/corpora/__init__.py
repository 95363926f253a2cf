"""Corpora with a known truth, generated where they are needed, and the real ones from the hub."""
