"""`python -m kd_course lab`: JupyterLab on the first lesson, with the course's folder as its root.

jupyter/ beside this file holds what is otherwise than JupyterLab's own settings: it asks nobody for
news, what nbgrader brings for teachers is not enabled, and pictures have their text alternatives, in
the notebook and in what is exported. A person's own settings stay theirs.

jupyter/environment/ is installed with the package (`tool.flit.external-data`), under the environment's
share/ and etc/: there JupyterLab, however it is started, finds the extension that shows the
alternatives, and `jupyter nbconvert --to html` the settings that keep them (picture_alternatives.py).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from kd_course.commands import allocator

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = Path(__file__).with_name("jupyter")
# What installing the course lays into its environment; a checkout that is not installed has it here.
ENVIRONMENT = SETTINGS / "environment"
# By which "Save and Export Notebook As: HTML" keeps the pictures' text alternatives.
TEMPLATES = ROOT / "kd_course" / "authoring" / "web" / "templates"
FIRST_LESSON = "notebooks/00_start_here.ipynb"


def main(argv: list[str]) -> int:
    """Start JupyterLab; argv: options for it. Returns its exit status."""
    if not (ROOT / FIRST_LESSON).is_file():
        print(f"There is no {FIRST_LESSON} in {ROOT}: run this in a checkout of the course.")
        return 2
    # Named as a file, the lesson would make its folder the root, without the worked editions. As
    # the page to begin with it does not.
    page = f"/lab/tree/{FIRST_LESSON}"
    export = [
        "--HTMLExporter.template_name=kd_course",
        f"--HTMLExporter.extra_template_basedirs={TEMPLATES}",
        f"--HTMLExporter.extra_template_paths={TEMPLATES}",
        # What is made by way of HTML has its own.
        "--SlidesExporter.template_name=reveal",
        "--WebPDFExporter.template_name=webpdf",
    ]
    options = [
        f"--ServerApp.root_dir={ROOT}",
        f"--LabApp.default_url={page}",
        f"--LabApp.extra_labextensions_path={ENVIRONMENT / 'share/jupyter/labextensions'}",
        *export,
        *argv,
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.insert(0, "--allow-root")
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ.update(allocator.settings())  # of the kernels that it starts
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    from jupyterlab.labapp import main as start

    sys.argv = ["jupyter-lab", *options]
    return start() or 0
