# `make demo` and `make test` are all that a fresh machine needs: python3 with venv, and make.

PYTHON ?= python3
BIN := .venv/bin
CODE := notifyctl actors tests bench docs
SETUP := .venv/.ready
# most tests wait for something most of the time: a file of them on each core
TEST := $(BIN)/python -m pytest -n auto --dist loadfile
REDIS7_TESTS := tests/integration/engine tests/integration/delivery tests/integration/worker \
	tests/integration/notifier tests/integration/servers \
	$(addprefix tests/integration/test_, connection.py lua.py notifier.py) \
	$(addprefix tests/e2e/test_, smoke.py worker.py dlq.py job.py queue.py stats.py order.py order_show.py spool.py)

.PHONY: demo test test-redis7 check format lint types layers wheel bench fuzz chaos clean

demo: $(SETUP)              ## orders through queue, worker and dead letters, on a server of its own
	$(BIN)/notifyctl demo

test: $(SETUP)              ## all tests, on Valkey; those in a browser where there is one, or may be
	.ci/chromium >/dev/null || echo "no chromium to be had here: the tests in a browser are left out"
	$(TEST)

test-redis7: $(SETUP)       ## what depends on the server, once more on Debian's redis-server 7.0
	NOTIFYCTL_TEST_SERVER=$$(.ci/redis7) $(TEST) $(REDIS7_TESTS)

check: lint types layers test wheel    ## what CI runs

format: $(SETUP)
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lint: $(SETUP)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

types: $(SETUP)
	$(BIN)/mypy

layers: $(SETUP)
	$(BIN)/lint-imports

wheel: $(SETUP)             ## builds the wheel, and runs it from a venv that has nothing else
	rm -rf dist && $(BIN)/python -m build --quiet --wheel
	.ci/try-wheel dist/*.whl

bench: $(SETUP)             ## ours against Dramatiq's Redis broker, and the limits as providers see them
	$(BIN)/python -m bench.drain
	$(BIN)/python -m bench.latency
	$(BIN)/python -m bench.rate_limit

fuzz: $(SETUP)              ## 5,000 made-up requests to the HTTP API; FUZZ="--seed 7"
	$(BIN)/python -m tests.fuzz --cases 5000 $(FUZZ)

chaos: $(SETUP)             ## 10,000 orders, everything killed, frozen, cut and refused: nothing lost; CHAOS="--policy hold"
	$(BIN)/python -m tests.chaos --orders 10000 --kills 14 --groups 6 --drains 4 --stalls 2 --restarts 3 --freezes 1 --freeze-s 15 --cuts 3 \
		--lost-replies 30 --outages 3 --faults 0.05 --patience-s 1800 $(CHAOS)

$(SETUP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[web]' --group dev
	touch $(SETUP)

clean:
	rm -rf .venv dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage
