# The commands of this project; `make` alone lists them. Everything runs in .venv, set up on first use.

PROFILE ?= default
PYTHON ?= python3.11
UPGRADE ?=
RESULTS ?=
UV = uv==0.13.9

VENV = .venv
RUN = $(VENV)/bin/python -m
NOTEBOOKS = $(wildcard notebooks/*.ipynb)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help report smoke publish lab test unit check benchmarks lines requirements clean

help: ## list these commands
	@echo "make COMMAND [PROFILE=smoke|default|extended|paper] [PYTHON=python3.11]"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

report: $(VENV)/ready ## run every page that is not fresh, at PROFILE, and write the HTML report
	@$(RUN) fooling report --profile $(PROFILE)

smoke: $(VENV)/ready ## the same at the smallest profile: a quick look, too small for findings
	@$(RUN) fooling report --profile smoke

publish: $(VENV)/ready ## copy what PROFILE ran, when it is fresh, to results/published (of default only the numbers)
	@$(RUN) fooling publish --profile $(PROFILE)

lab: $(VENV)/ready ## open the notebooks in JupyterLab
	@$(RUN) jupyterlab notebooks

test: check ## everything: check, unit and slow tests, every notebook at smoke, the report in a browser
	@$(RUN) pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 25

unit: $(VENV)/ready ## the fast tests only
	@$(RUN) pytest -m "not slow and not notebooks and not browser"

# nbstripout without a file would wait for one on standard input. Cell ids stay: links into a page use them.
check: $(VENV)/ready ## lint, layout, types, directions of imports, and that notebooks/ holds no output
	@$(RUN) ruff check
	@$(RUN) ruff format --check
	@$(VENV)/bin/oxlint --deny-warnings src
	@$(RUN) mypy
	@$(VENV)/bin/lint-imports --no-cache
	@$(if $(NOTEBOOKS),$(RUN) nbstripout --keep-id --verify $(NOTEBOOKS))

benchmarks: $(VENV)/peers ## side by side with other packages and with the network's own speed: benchmarks/results.md and peers.png
	@$(VENV)/bin/python benchmarks/compare.py --keep

lines: ## count the lines of Python by room: the library's, the pages', those of report and lab
	@find src/fooling tests -name '*.py' -exec wc -l {} + | awk '$$2 != "total" { \
		split($$2, part, "/"); room = part[1] == "tests" ? "tests" : part[4] == "" ? "fooling/*.py" : "fooling/" part[3]; \
		if (room != "tests") { all += $$1; if (room !~ /pages|lab|figures|report/) library += $$1 } \
		lines[room] += $$1; files[room]++ } \
		END { for (room in lines) printf "%-26s%7d lines in %3d files\n", room, lines[room], files[room] | "sort"; close("sort"); \
		printf "\n%-26s%7d\n%-26s%7d\n", "library", library, "all of src", all }'

# uv keeps the versions that requirements.txt has unless told UPGRADE=--upgrade. It repeats on every line the condition
# of pyproject.toml's tool.uv; that is cut off, so that the few conditions left mean something.
SYSTEMS = (sys_platform == 'darwin' or sys_platform == 'linux')
requirements: ## pin requirements.txt again from pyproject.toml, and environment.yml from it [UPGRADE=--upgrade]
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv "$$scratch/venv"; \
	"$$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check $(UV); \
	cp requirements.txt "$$scratch/pins"; \
	"$$scratch/venv/bin/python" -m uv pip compile pyproject.toml --extra test --python-version 3.11 --universal $(UPGRADE) \
		--quiet --no-emit-index-url --no-emit-find-links --custom-compile-command "make requirements" -o "$$scratch/pins" > /dev/null; \
	sed -e "s/python_full_version < '3\.12' and //" -e "s/ ; $(SYSTEMS)$$//" -e "s/ and $(SYSTEMS)$$//" "$$scratch/pins" > requirements.txt
	@$(MAKE) --no-print-directory --always-make environment.yml

# The pins are repeated: a "-r requirements.txt" under pip breaks in micromamba.
environment.yml: requirements.txt
	@{ printf '%s\n' \
		'# Made from requirements.txt by "make environment.yml". conda env create -f environment.yml' \
		'name: fooling' 'channels:' '  - conda-forge' 'dependencies:' '  - python=3.11' '  - pip' '  - pip:'; \
		awk '/^[a-z0-9]/ { print "      - " $$0 }' requirements.txt; \
		printf '%s\n' '      - -e .'; } > $@

clean: ## delete caches; this machine's results, too, when asked on a terminal or told RESULTS=yes (never published ones)
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .hypothesis
	@find src tests notebooks benchmarks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + 2> /dev/null || true
	@own=$$(find results -mindepth 1 -maxdepth 1 ! -name published 2> /dev/null); answer=$(RESULTS); \
	if [ -n "$$own" ] && [ -z "$$answer" ] && [ -t 0 ]; then \
		echo 'Results of this machine, which may have taken hours:' $$own; \
		printf 'Delete them, too? Type yes: '; read -r answer; \
	fi; \
	if [ "$$answer" = yes ]; then find results -mindepth 1 -maxdepth 1 ! -name published -exec rm -rf {} +; \
	elif [ -n "$$own" ]; then echo 'Results stay; "make clean RESULTS=yes" deletes them.'; fi

# The file "unfinished" becomes "ready" last: an interrupted set-up is noticed and begun again from an empty folder.
$(VENV)/ready: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2> /dev/null || { echo \
		'Python 3.11 was not found as "$(PYTHON)": install it, or say where it is with PYTHON=/path/to/python3.11.' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo \
		'"$(PYTHON)" cannot make virtual environments: install its venv module (on Debian, the package python3.11-venv).' >&2; exit 1; }
	@if [ -e $(VENV)/unfinished ] || ! $(VENV)/bin/python -c 'import pip, sys; sys.exit(sys.version_info[:2] != (3, 11))' 2> /dev/null; \
		then echo 'Setting up $(VENV): about 190 packages, 3 GB on disk; the first time takes a minute or two.'; $(PYTHON) -m venv --clear $(VENV); \
		else echo 'Bringing $(VENV) up to date with requirements.txt and pyproject.toml.'; fi
	@rm -f $@ && touch $(VENV)/unfinished
	@$(RUN) pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@$(RUN) pip install --quiet --disable-pip-version-check --no-deps --editable .
	@mv $(VENV)/unfinished $@
	@echo 'Ready.'

# Into the same environment, and held to its versions: both sides then run on the same TensorFlow and NumPy.
$(VENV)/peers: $(VENV)/ready
	@$(RUN) pip install --quiet --disable-pip-version-check --constraint requirements.txt --editable '.[peers]'
	@touch $@
