# The commands of this repository. Each installs what it needs first (deploy/setup.sh says what it does).

PROFILE ?= dev

.DEFAULT_GOAL := help
.PHONY: help demo test check bench dev schema golden fmt clean-test

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: ## build, then run the service and a simulated WeCom on sample data; prints the pages to open
	@deploy/setup.sh demo
	npm --prefix web run build
	cargo run --locked --profile $(PROFILE) -- demo

test: ## everything: style, unit and story tests on SQLite, MariaDB and MySQL 9, web, browser, generated files
	@tests/run.sh all

check: ## the quick part of test, before every commit
	@tests/run.sh quick

bench: ## benchmarks on MariaDB and MySQL 9, as ratios measured in one run
	@tests/run.sh bench

dev: ## like demo, rebuilt and restarted whenever a source changes, with the pages served live
	@deploy/setup.sh demo
	@node deploy/dev.mjs

schema: ## compare the tables that the code declares with the migrated ones, on every database
	@tests/run.sh schema

golden: ## rewrite the generated files; look at the difference before you commit it
	cargo run --locked -- openapi > tests/golden/openapi.json.new
	mv tests/golden/openapi.json.new tests/golden/openapi.json
	npm --prefix web run api
	git diff --stat -- tests/golden web/src/api

fmt: ## format Rust and web sources
	cargo fmt --all
	npm --prefix web run format

clean-test: ## forget the downloaded MySQL, the empty databases and the logs of the last test run
	rm -rf "$${QIDAN_CACHE:-$$HOME/.cache/qidan}" target/test-logs target/tests-ran.txt
