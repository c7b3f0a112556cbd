# Passalong: `make demo` shows it, `make test` proves it. Needs Python 3.11 or newer and make; the rest it sets up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What leans most on the database's own rules: triggers, transactions, conflicts, sums.
STORE := $(addprefix tests/server/test_,$(addsuffix .py,ledger credits outbox pipeline_laws signals plays receipts erasure))
PROCESSES := 'import os; print(os.cpu_count() * 3 // 2)'
DEV = $(shell $(PYTHON) -c "import tomllib;print(' '.join(repr(d) for d in tomllib.load(open('pyproject.toml','rb'))['dependency-groups']['dev']))")

.PHONY: demo test test-postgres check lint types contracts bench server engines growth console verdicts signals chromium walkthrough messages audit scan sbom clean help

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

test: $(STAMP) chromium ## every test, browser and faults included, and those of the store again on PostgreSQL
	@$(BIN)/pytest -n $$($(BIN)/python -c $(PROCESSES)) --dist worksteal $(ARGS)
	@$(if $(ARGS),,TEST_ENGINE=postgres $(BIN)/pytest -q -n $$($(BIN)/python -c $(PROCESSES)) --dist worksteal $(STORE))

test-postgres: $(STAMP) ## the server's tests and the faults again, with PostgreSQL in the place of the SQLite file
	@TEST_ENGINE=postgres $(BIN)/pytest -n $$($(BIN)/python -c $(PROCESSES)) --dist worksteal tests/server tests/faults $(ARGS)

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

audit: $(STAMP) ## known vulnerabilities of what is installed, as far as PyPI can be asked
	@$(BIN)/python tests/audit.py

check: test lint types contracts audit ## tests, lint, types, import contracts and audit

scan: $(STAMP) ## attack a demonstration with Wapiti, in an environment of its own (half an hour)
	@if ! test -x .scan/venv/bin/wapiti; then \
	  $(PYTHON) -m venv .scan/venv && .scan/venv/bin/python -m pip install --quiet --disable-pip-version-check 'wapiti3>=3.2.3'; \
	fi
	@$(BIN)/python tests/scan.py

bench: $(STAMP) ## ratios against a bare ceiling in the same run
	@$(BIN)/python tests/bench/run.py $(ARGS)

server: $(STAMP) ## how soon a server is there, what two processes bring, how large it grows, a flame graph
	@$(BIN)/python tests/bench/server.py $(ARGS)

growth: $(STAMP) ## the same questions to ten thousand and to ten million events
	@$(BIN)/python tests/bench/growth.py $(ARGS)

signals: $(STAMP) ## a million signals and fifty rules beside the ledger's own events, and dry runs over a year
	@$(BIN)/python tests/bench/signals.py $(ARGS)

engines: $(STAMP) ## what SQLite and PostgreSQL take in durably, by one process and by two
	@$(BIN)/python tests/bench/engines.py $(ARGS)

console: $(STAMP) ## how fast the console is there and answers a key, over a million events, and whether it grows
	@$(BIN)/python tests/bench/console.py $(ARGS)

verdicts: $(STAMP) ## how often a verdict is wrong, by simulation
	@$(BIN)/python tests/bench/verdicts.py $(ARGS)

sbom: ## what is shipped and under which licences, as CycloneDX: dist/passalong.cdx.json
	@rm -rf build/sbom && mkdir -p build/sbom dist
	@$(PYTHON) -m venv build/sbom/shipped && build/sbom/shipped/bin/python -m pip install -q ".[mail,metrics,web]"
	@build/sbom/shipped/bin/python -m pip uninstall -q -y pip setuptools
	@$(PYTHON) -m venv build/sbom/tool && build/sbom/tool/bin/python -m pip install -q cyclonedx-bom
	@build/sbom/tool/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --validate \
	  --gather-license-texts --output-file dist/passalong.cdx.json build/sbom/shipped/bin/python
	@rm -rf build/sbom; echo dist/passalong.cdx.json

clean: ## remove the environment and caches
	rm -rf $(VENV) .scan .schemathesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist
