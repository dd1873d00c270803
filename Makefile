# The two commands for a fresh machine are `make demo` and `make test`; `make check` is what CI runs.
