"""Exercises: one spec each, and the check a learner calls: `check("03.2", my_function)`."""
