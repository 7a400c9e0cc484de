# diffsmith: `make demo` shows it, `make test` checks it.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: help demo test lint types install install-test clean

help:
	@echo "make demo   install, then search for a good model of handwritten digits for two minutes"
	@echo "make test   install, then lint, type-check and run every test"
	@echo "make clean  remove the environment and what the demo made"

demo: install
	$(BIN)/diffsmith sweep digits --budget 2m

test: install-test lint types
	$(BIN)/pytest --numprocesses=auto --dist=loadfile --cov --cov-report=term --cov-report=xml:.coverage.xml -q
	$(BIN)/coverage report --format=total

lint: install-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-test
	$(BIN)/mypy

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

# The stamps make a second run start at once; a changed dependency installs again.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/pip install --quiet --constraint constraints.txt "torch>=2.7,<2.14"
	$(BIN)/pip install --quiet --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test]"
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) runs
