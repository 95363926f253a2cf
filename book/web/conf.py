"""Sphinx's settings for the book. `make book` copies this folder and the pages into build/, and
builds there; kd_course/authoring/web/ is the rest.
"""

from __future__ import annotations

from kd_course import __version__

project = "Knowledge distillation for NLP"
author = "The authors of kd_course"
copyright = "text and pictures CC BY 4.0, code MIT"
version = release = __version__
language = "en"

extensions = ["myst_nb", "kd_course.authoring.web.extension"]
exclude_patterns = ["files", "static"]

# Pages are made of what the notebooks hold: nothing runs.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_dmath_allow_labels = False  # "(section 4.2)" after an equation is text
myst_heading_anchors = 4
smartquotes = False  # a lesson's quotes are as it writes them

# Equations are set by MathJax 3, which comes with the book.
mathjax_path = "mathjax/tex-chtml-full.js"
mathjax3_config = {"options": {"enableMenu": False}}

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["static"]
html_favicon = "static/favicon.svg"
html_css_files = ["book.css"]
html_js_files = ["book.js"]
html_copy_source = False  # what is offered to download is the notebook, not the staged page
html_show_sphinx = False
html_use_index = False  # there are no index entries; the glossary is the index
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navigation_with_keys": False,
}
