"""Lesson 09: inside the teacher: hidden states, attention, relations, contrastive."""
