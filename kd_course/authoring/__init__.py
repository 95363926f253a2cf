"""Lesson sources in, notebooks out: `python -m kd_course.authoring build`.

source.py reads and reviews solutions/NN_slug.py, references.py runs its answers, editions.py makes
the two notebooks of it, execution.py runs them, readme.py fills the README's tables.
"""
