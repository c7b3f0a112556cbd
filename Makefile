# Passalong: `make demo` shows it, `make test` proves it. Needs Python 3.11 or newer and make; the rest it sets up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PROCESSES := 'import os; print(os.cpu_count() * 3 // 2)'
DEV = $(shell $(PYTHON) -c "import tomllib;print(' '.join(repr(d) for d in tomllib.load(open('pyproject.toml','rb'))['dependency-groups']['dev']))")

.PHONY: demo test check lint types contracts bench growth console verdicts signals chromium walkthrough messages clean help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(STAMP): pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && uv pip install --quiet --python $(BIN)/python -e . $(DEV); \
	else \
	  $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check -e . $(DEV); \
	fi
	@touch $@

demo: $(STAMP) ## sample vendor, half a year of history, a server, links to open (ARGS="--check" to play it and leave)
	@$(BIN)/passalong demo $(ARGS)

test: $(STAMP) chromium ## every test, browser and faults included, three processes on two cores, for some wait
	@$(BIN)/pytest -n $$($(BIN)/python -c $(PROCESSES)) --dist worksteal $(ARGS)

chromium: $(STAMP)
	@$(BIN)/python tests/browser/chromium.py

walkthrough: chromium ## take the pictures of the demonstration's walkthrough anew
	@$(BIN)/python tests/browser/film.py

messages: $(STAMP) ## bring the catalogues in widget_templates/locale up to the words in templates and code
	@$(BIN)/pybabel -q extract -F pyproject.toml -k Sentence --no-location --sort-output --no-wrap -o .messages.pot .
	@for language in de fr it es nl; do \
	  po=widget_templates/locale/$$language.po; \
	  test -f $$po || $(BIN)/pybabel -q init -i .messages.pot -l $$language -o $$po --no-wrap; \
	  $(BIN)/pybabel -q update -i .messages.pot -l $$language -o $$po --no-fuzzy-matching --ignore-obsolete --no-wrap --omit-header; \
	done; rm -f .messages.pot

lint: $(STAMP) ## ruff and djlint
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/djlint --quiet --lint widget_templates

types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy

contracts: $(STAMP) ## who may import whom
	@$(BIN)/lint-imports

check: test lint types contracts ## tests, lint, types and import contracts

bench: $(STAMP) ## ratios against a bare ceiling in the same run
	@$(BIN)/python tests/bench/run.py $(ARGS)

growth: $(STAMP) ## the same questions to ten thousand and to ten million events
	@$(BIN)/python tests/bench/growth.py $(ARGS)

signals: $(STAMP) ## a million signals and fifty rules beside the ledger's own events, and dry runs over a year
	@$(BIN)/python tests/bench/signals.py $(ARGS)

console: $(STAMP) ## how fast the console is there and answers a key, over a million events, and whether it grows
	@$(BIN)/python tests/bench/console.py $(ARGS)

verdicts: $(STAMP) ## how often a verdict is wrong, by simulation
	@$(BIN)/python tests/bench/verdicts.py $(ARGS)

clean: ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
