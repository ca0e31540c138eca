.DEFAULT_GOAL := help
PY := .venv/bin/python
export PYTHONPATH := .

help:  ## This list
	@grep -hE '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/'

env: .venv/.stamp  ## Make .venv and install the hash-locked dependencies

.venv/.stamp: requirements/dev.txt
	@test -x .venv/bin/python || python3 -m venv .venv
	.venv/bin/python -m pip install -q --require-hashes -r requirements/dev.txt
	@touch .venv/.stamp

check: env  ## ruff, mypy --strict, migrations
	.venv/bin/ruff check guichet
	.venv/bin/ruff format --check guichet
	.venv/bin/mypy
	GUICHET_TEST=1 $(PY) -m guichet.hosting db exec --temporary -- $(PY) manage.py makemigrations --check --dry-run

test: env  ## All tests, on a throw-away PostgreSQL
	GUICHET_TEST=1 $(PY) -m guichet.hosting db exec --temporary -- $(PY) -m pytest

.PHONY: help env check test
