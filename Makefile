# Everything happens in .venv, which the first command creates. Later calls install only what changed: each step leaves a
# stamp file in .venv, older than the files it depends on when it has to run again. Needs make (GNU 3.81 or newer) and Python.

PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3

# Python keeps what it compiled: without that, every process that a test starts compiles all of the package again.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# With two cores in mind: more at a time end hardly sooner there, and only wait for each other. Arguments that come later win:
# ARGS=-n0 runs one test at a time, as --pdb needs it.
PROCESSES := -n2 --dist=loadfile --no-loadscope-reorder
NODE_MODULES := tests/node/node_modules/.package-lock.json
PEER_MODULES := bench/peers/node_modules/.package-lock.json

help:
	@echo 'make run           serve on 127.0.0.1:5050, data in ./data; ARGS="--port 8080" or HEARTLINE_PORT=8080 changes that'
	@echo 'make demo          a server, an account, a phone and people who answer, to try; ARGS="--seed 7"'
	@echo 'make test          run every test, two files at a time; ARGS="tests/stream -k ping" are arguments of pytest, ARGS="-n0 -x" is one test at a time'
	@echo 'make check         format and lint (ruff), types (mypy --strict), import layers'
	@echo 'make bench-jitter  cut 200 clients off again and again, and kill the server: what is lost, doubled, late; ARGS=--quick'
	@echo 'make cluster       three nodes, PostgreSQL and NATS behind nginx, all on this machine, until Ctrl+C'
	@echo 'make bench-cluster latency over each bus, and events per second of one node and of three; ARGS=--quick'
	@echo 'make screenshots   take the pictures of the web client in docs/images'
	@echo 'make bench         what Heartline costs, beside other servers, in half an hour; make bench-quick: in under two minutes'
	@echo 'make docs          write the pages of docs/ that are made from the code'
	@echo 'make requirements  pin the newest versions that pyproject.toml and tests/node/package.json allow'
	@echo 'make clean         remove .venv and everything else that can be made again; keeps ./data'
	@echo 'Each installs what it needs first. PYTHON=/path/to/python3 chooses the Python for a new .venv.'

run: .venv/.package
	@exec $(BIN)/heartline serve $(ARGS)

demo: .venv/.package
	@exec $(BIN)/heartline demo $(ARGS)

test: .venv/.test $(NODE_MODULES) .venv/.chromium
	@$(BIN)/pytest $(PROCESSES) $(ARGS)

check: .venv/.test
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest --quiet tests/test_layers.py

bench-jitter: .venv/.test $(NODE_MODULES)
	@$(BIN)/python -m bench.jitter $(ARGS)

bench: .venv/.test $(PEER_MODULES)
	@$(BIN)/python -m bench.compare $(ARGS)

bench-quick: .venv/.test $(PEER_MODULES)
	@$(BIN)/python -m bench.compare --quick $(ARGS)

cluster: .venv/.test
	@exec $(BIN)/python -m bench.cluster

bench-cluster: .venv/.test
	@$(BIN)/python -m bench.cluster_bench $(ARGS)

screenshots: .venv/.test .venv/.chromium
	@$(BIN)/python -m tests.web.screenshots

docs: .venv/.package
	@$(BIN)/python docs/make.py

# No host names in lock files: uv writes none (there is no uv.lock for that reason), npm is told so by tests/node/.npmrc.
PIN := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make requirements' pyproject.toml --all-extras --group build
requirements: .venv/.test
	@test -x $(BIN)/uv || $(PIP) install uv
	$(PIN) --output-file requirements/run.txt
	$(PIN) --group test --group check --constraint requirements/run.txt --output-file requirements/test.txt
	cd tests/node && PATH="$(CURDIR)/$(BIN):$$PATH" npm update --package-lock-only
	cd bench/peers && PATH="$(CURDIR)/$(BIN):$$PATH" npm update --package-lock-only

clean:
	rm -rf .venv build dist bench/results tests/node/node_modules bench/peers/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what is installed ---------------------------------------------------------------------------------------------

# A .venv whose Python is gone, or that came here with a copied or moved checkout, is made again.
ifneq ($(shell exec 2>/dev/null; $(BIN)/python -c 'import pip' && grep -Fl '$(CURDIR)/.venv/' $(BIN)/pip),$(BIN)/pip)
.PHONY: .venv/.created
endif

.venv/.created:
	@for python in $(PYTHON); do \
		if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
			echo "Creating .venv with $$("$$python" --version)"; \
			"$$python" -m venv --clear .venv && touch $@; exit; \
		fi; \
	done; \
	echo 'Heartline needs Python 3.11 or newer with its venv module (Debian, Ubuntu: apt install python3-venv), and none of' \
		'these is one: $(PYTHON); name yours with PYTHON=/path/to/python3.' >&2; exit 1

.venv/.run: requirements/run.txt .venv/.created
	@echo 'Installing requirements/run.txt'
	@$(PIP) install --require-hashes -r requirements/run.txt
	@touch $@

.venv/.package: pyproject.toml src/heartline/__init__.py .venv/.run
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.test: requirements/test.txt .venv/.package
	@echo 'Installing requirements/test.txt'
	@$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

$(NODE_MODULES): tests/node/package.json tests/node/package-lock.json .venv/.test
	@echo 'Installing tests/node/package-lock.json'
	@cd tests/node && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-progress >/dev/null
	@touch $@

# The browser of tests/web, installed where that is allowed; where it is not, its tests fail and say what to install.
.venv/.chromium: .venv/.created
	@for name in "$$CHROMIUM" chromium chromium-browser google-chrome-stable google-chrome; do \
		if command -v "$$name" >/dev/null; then touch $@; exit; fi; \
	done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'Installing Chromium'; \
		apt-get -qq update >/dev/null && \
			DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends chromium >/dev/null && touch $@; \
	fi || true

$(PEER_MODULES): bench/peers/package.json bench/peers/package-lock.json .venv/.test
	@echo 'Installing bench/peers/package-lock.json'
	@cd bench/peers && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --loglevel=error --no-progress >/dev/null
	@touch $@

.PHONY: help run demo test check bench bench-quick bench-jitter cluster bench-cluster screenshots docs requirements clean
.DELETE_ON_ERROR:
