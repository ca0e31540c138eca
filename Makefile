SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
BIN := .venv/bin
TEST := GUICHET_TEST=1 $(PY) -m guichet.hosting db exec --temporary --
# Tests run side by side, each process on its own database. One at a time: make test WORKERS=0
WORKERS ?= 2
ARGS ?=

.PHONY: help env env-run run demo test check bench lock packages-run packages-test

help: ## cette liste
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 10

run: packages-run env-run ## lance Guichet avec sa Région de démonstration (Ctrl-C pour arrêter)
	@exec $(PY) -m guichet.hosting run --with-parent

test: packages-test env ## tous les tests, sur un PostgreSQL jetable et dans un vrai navigateur (ARGS="tests/cases -k reponse")
	@$(TEST) $(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: env ## ruff, mypy --strict, contrats d’import, migrations, gabarits
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TEST) $(PY) manage.py makemigrations --check --dry-run
	GUICHET_TEST=1 $(PY) manage.py check --fail-level ERROR
	$(BIN)/djlint --quiet --lint guichet

bench: env ## les mesures : un objet JSON par ligne (ARGS="mail_in")
	@$(TEST) $(PY) -m bench $(ARGS)

demo: env-run ## charge la Région de démonstration (ARGS="--scale 100000")
	@$(PY) -m guichet.hosting db exec -- $(PY) manage.py demo $(ARGS)

env: ## fabrique .venv et y installe les dépendances verrouillées
	@scripts/environment dev

env-run:
	@scripts/environment run

packages-run:
	@scripts/system-packages --optional requirements/apt.txt

packages-test:
	@scripts/system-packages requirements/apt.txt requirements/apt-test.txt

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

lock: ## verrouille de nouveau les dépendances (demande uv)
	@command -v uv >/dev/null || { echo "Il manque uv. Tapez : $(BIN)/python -m pip install uv, et ajoutez .venv/bin au PATH" >&2; exit 1; }
	for name in base embedded s3 dev; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt; done
