"""For teachers: assignments out, untrusted submissions in, marks and feedback back.

answers.py knows what is right; it never shares a process with a student's code. Nothing of this
folder is in the package that students install.
"""
