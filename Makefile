# Everything a newcomer needs: `make run` and `make test`. Needs Python 3.11 or later with pip, and make; no more.
PORT ?= 8000
ONLY ?=
ARGS ?=
# Name another interpreter with `make run PYTHON=python3.12`; without that, the first that is new enough is taken.
PYTHON ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
LOCKING := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
# An installation as it would stand on the internet, for Django's deployment check. None of its values is used anywhere.
DEPLOYED := ENV_FILE=/dev/null SECRET_KEY=for-the-deployment-check-only-0123456789-abcdefghijklmnop DIGEST_KEY=digests-for-the-deployment-check-only-0123456789-abcdef \
	DEBUG=false SANDBOX=false INSTANCE_ID=check SITE_URL=https://outreach.example.com ALLOWED_HOSTS=outreach.example.com DATABASE_URL=sqlite://:memory: \
	MAIL_SMTP_ENCRYPTION_KEY=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY= \
	GLOBAL_SMTP_HOST=smtp.example.com GLOBAL_MAIL_FROM=linkletter@example.com

.DEFAULT_GOAL := help
.PHONY: help run test check fmt lock bench crash-test

help:
	@echo "make run [PORT=8000]     start Linkletter: web, workers and the rehearsal post office"
	@echo "make test [ARGS=…]       run the tests; ARGS go to pytest"
	@echo "make check               lint, format, types, layers, migrations, deployment check"
	@echo "make fmt                 put the code into shape"
	@echo "make lock                renew requirements*.lock from pyproject.toml"
	@echo "make bench ONLY=NAME     run one benchmark"
	@echo "make crash-test          kill workers while letters leave and answers come in"

run: $(VENV)/runtime.stamp
	@$(PY) -m outreach_site.lib.env_file .env --port "$(PORT)"
	@exec $(PY) manage.py up --port "$(PORT)"

test: $(VENV)/dev.stamp
	@$(VENV)/bin/pytest -n auto --dist worksteal $(ARGS)

check: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(DEPLOYED) $(PY) manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING

fmt: $(VENV)/dev.stamp
	@$(VENV)/bin/ruff check --fix --quiet .
	@$(VENV)/bin/ruff format .

# The development lock is bound by the first, so that tests run with exactly what an installation runs with.
# `make lock ARGS=--upgrade` takes the newest versions that pyproject.toml admits.
lock: $(VENV)/dev.stamp
	@$(LOCKING) $(ARGS) pyproject.toml --output-file requirements.lock
	@$(LOCKING) $(ARGS) pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock

bench: $(VENV)/dev.stamp
	@names=$$(ls benchmarks/*.py 2>/dev/null | sed 's:.*/::; s:\.py$$::' | grep -v '^_' | tr '\n' ' '); \
	test -n "$(ONLY)" || { echo "Which one? make bench ONLY=NAME. There are: $${names:-none in this version}"; exit 2; }
	@test -f "benchmarks/$(ONLY).py" || { echo "There is no benchmark “$(ONLY)”: no file benchmarks/$(ONLY).py."; exit 2; }
	@$(PY) -m benchmarks.$(ONLY) $(ARGS)

crash-test: $(VENV)/dev.stamp
	@CRASH_KILLS=$${CRASH_KILLS:-100} LAST_PLACE_ROUNDS=$${LAST_PLACE_ROUNDS:-100} \
	INBOX_MESSAGES=$${INBOX_MESSAGES:-10000} INBOX_KILLS=$${INBOX_KILLS:-10} $(VENV)/bin/pytest tests/crash $(ARGS)

# The stamps are as old as the lock that was installed, so a changed lock is installed again and nothing else is.
$(VENV)/runtime.stamp: requirements.lock | $(PY)
	@echo "Installing what Linkletter stands on (a minute or so, once) …"
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock | $(PY)
	@echo "Installing what Linkletter and its tests stand on (a minute or so, once) …"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(VENV)/runtime.stamp

$(PY):
	@fits='import sys; sys.exit(sys.version_info < (3, 11))'; \
	for python in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python; do \
		if [ -n "$$python" ] && "$$python" -c "$$fits" 2>/dev/null; then found=$$python; break; fi; \
		if [ -n "$(PYTHON)" ] && [ "$$python" = "$(PYTHON)" ]; then break; fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo "Linkletter needs Python 3.11 or later (found: $$("$(or $(PYTHON),python3)" --version 2>/dev/null || echo none))." >&2; \
		echo "Install a newer one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Making a virtual environment with $$("$$found" --version) …"; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python could not make a virtual environment. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
