"""Knowledge distillation for NLP: a course you run.

Lessons import what they need from the rooms of this package: `from kd_course import losses`.
"""

__version__ = "0.1.0"
