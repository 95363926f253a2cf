# Two commands: `make lab` to learn, `make test` to be sure. `make` alone lists the rest.
# `make test-all` holds `make test`, and what is slow for thoroughness besides.
#
#   make lab ARGS="--no-browser --port 8899"    options for JupyterLab
#   make lab PYTHON=python3.12                  another Python for .venv
#   make test ARGS="-k losses"                  options for pytest

PYTHON ?= python3
ARGS ?=

python := .venv/bin/python
for_lessons := .venv/.for-lessons
for_tests := .venv/.for-tests
for_book := .venv/.for-book
lessons := $(sort $(foreach source,$(wildcard solutions/[0-9][0-9]_*.py),\
    $(firstword $(subst _, ,$(notdir $(source))))))

# Tests measure the code, not the machine's settings: no network, the default scale.
quiet := env -u KD_SEEDS -u KD_LIMIT -u KD_MAPS -u KD_MAX_STEPS -u KD_RESULTS \
    -u NBGRADER_EXECUTION KD_PROGRESS=0 KD_SCALE=offline HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false
# Lessons are tested for their path: three steps a training, and of every split a part. Their kernels
# keep what a step frees, as those of `make lab` do: kd_course/commands/allocator.py tells why.
shortened := KD_MAX_STEPS=3 KD_LIMIT=200 \
    MALLOC_MMAP_MAX_=$${MALLOC_MMAP_MAX_-0} MALLOC_TRIM_THRESHOLD_=$${MALLOC_TRIM_THRESHOLD_-20000000000}
# Two processes with a thread each are faster on two cores than one process with two threads; a
# file, and so a notebook, stays in one process. Files go out as tests/conftest.py orders them.
editions = $(shell ls -r $(1)/*.ipynb)  # later lessons take longer: they go out first
pytest := OMP_NUM_THREADS=1 $(python) -m pytest -n logical --maxprocesses 4 --dist loadfile \
    --no-loadscope-reorder

# `make slides 02 03`: what follows are lessons, not targets.
ifeq (slides,$(firstword $(MAKECMDGOALS)))
chosen := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
$(eval $(chosen):;@:)
endif

.PHONY: help lab test test-all test-thorough lint verify notebooks book slides doctor clean $(chosen)

help:
	@echo 'make lab        JupyterLab on the first lesson (the first time: installs into .venv)'
	@echo 'make test       lint, tests, and every lesson with trainings and data cut short; no network'
	@echo 'make test-all   the same, then the thorough tests and the worked editions of the lessons'
	@echo 'make lint       ruff and mypy alone'
	@echo 'make verify     the worked lessons at full length, held to the ledger of reference runs'
	@echo 'make notebooks  builds both editions of every lesson, and the tables of the README'
	@echo 'make book       the worked lessons as a web edition, into build/book/html; runs none of them'
	@echo 'make slides 02  slides of a lesson, into build/slides; without a number, of 02, 03 and 06'
	@echo 'make doctor     says whether the course can run here'
	@echo 'make clean      removes what make made: .venv, results, caches of Python'

pip_install := $(python) -m pip install --disable-pip-version-check -c constraints.txt -e

# pip does nothing for what is there already, so a changed pyproject.toml or constraints.txt
# brings only the difference. A .venv without pip is what Debian leaves where python3-venv is missing.
$(for_lessons): pyproject.toml constraints.txt
	@$(python) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { \
	    echo 'There is no .venv: "$(PYTHON) -m venv" failed. It needs Python with venv and pip'; \
	    echo '(on Debian and Ubuntu: apt-get install python3-venv); PYTHON=... names another one.'; \
	    exit 1; }
	$(pip_install) .
	@touch $@

$(for_tests): $(for_lessons)
	$(pip_install) '.[dev]'
	@touch $@

$(for_book): $(for_lessons)
	$(pip_install) '.[book]'
	@touch $@

lab: $(for_lessons)
	$(python) -m kd_course lab $(ARGS)

lint: $(for_tests)
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy

test: lint
	$(quiet) $(pytest) -m 'not thorough' tests $(ARGS); tests=$$?; \
	$(quiet) $(shortened) $(pytest) --nbval-lax $(call editions,notebooks) $(ARGS); lessons=$$?; \
	if [ $$lessons -eq 5 ]; then lessons=0; fi; exit $$((tests + lessons))  # 5: ARGS chose none

test-thorough: $(for_tests) $(for_book)
	$(quiet) $(pytest) -m thorough tests $(ARGS); tests=$$?; \
	$(quiet) $(shortened) $(pytest) --nbval-lax $(call editions,solutions) $(ARGS); lessons=$$?; \
	if [ $$tests -eq 5 ]; then tests=0; fi; \
	if [ $$lessons -eq 5 ]; then lessons=0; fi; exit $$((tests + lessons))

test-all:
	$(MAKE) test
	$(MAKE) test-thorough

verify: $(for_lessons)
	$(quiet) $(python) -m kd_course run $(lessons) $(ARGS)

notebooks: $(for_tests)
	$(python) -m kd_course.authoring build $(ARGS)
	$(python) -m kd_course.authoring readme

book: $(for_book)
	$(python) -m kd_course.authoring.web book

slides: $(for_book)
	$(python) -m kd_course.authoring.web slides $(or $(chosen),02 03 06)

doctor: $(for_lessons)
	$(python) -m kd_course doctor

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build dist results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
