"""The course as pages for a browser: `python -m kd_course.authoring.web book`, `slides` and `html`.

alternatives.py carries each picture's text alternative into HTML, staging.py lays out what Sphinx
builds the book from, extension.py is what Sphinx does besides, pages.py calls Sphinx and nbconvert,
deck.py makes slides of a lesson. Nothing here runs a notebook or needs torch.
"""
