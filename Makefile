# The ways to use this checkout. `make` alone lists them.
SHELL := /bin/bash
PYTHON := .venv/bin/python
LOCK := .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate
TEMPORARY := $(PYTHON) -m guichet.hosting db exec --temporary --

.DEFAULT_GOAL := help
.PHONY: help env env-dev run demo test check bench lock

help: ## liste des commandes
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)$$/  make \1\t\2/' | expand -t 16

env: ## prépare l'environnement Python de Guichet (.venv)
	@requirements/environment requirements/base.txt requirements/embedded.txt

env-dev:
	@requirements/environment requirements/dev.txt

run: env ## démarre Guichet, base comprise (Ctrl-C pour arrêter)
	@requirements/system-packages run requirements/apt.txt
	@exec $(PYTHON) -m guichet.hosting run

demo: env ## remplit la base avec le jeu de démonstration
	@$(PYTHON) -m guichet.hosting db exec -- $(PYTHON) manage.py demo --once

test: env-dev ## lance tous les tests, sur une base jetable (ARGS="…" pour pytest)
	@requirements/system-packages test requirements/apt.txt requirements/apt-test.txt
	GUICHET_TEST=1 $(TEMPORARY) $(PYTHON) -m pytest $(ARGS)

check: env-dev ## vérifie le style, les types, les couches, les migrations et les gabarits
	@requirements/system-packages run requirements/apt.txt
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	GUICHET_TEST=1 $(TEMPORARY) $(PYTHON) manage.py makemigrations --check --dry-run
	GUICHET_TEST=1 $(TEMPORARY) $(PYTHON) manage.py check
	.venv/bin/djlint --lint guichet

bench: env-dev ## mesure (NAME="…" pour une seule mesure), une ligne JSON par résultat
	@GUICHET_TEST=1 $(TEMPORARY) $(PYTHON) -m bench $(NAME)

lock: env-dev ## recalcule les versions verrouillées
	@test -x .venv/bin/uv || $(PYTHON) -m pip install --quiet uv
	@for name in base embedded s3 dev; do $(LOCK) requirements/$$name.in -o requirements/$$name.txt >/dev/null; done
