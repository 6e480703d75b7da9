# Vivarium's commands. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run dev test test-long deny audit bench bench-peers bench-gateways fuzz clean client

PORT ?= 8080
FUZZ_SECONDS ?= 20

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build everything and start a server: make run [PORT=8080]
	@tools/make/require.sh run
	@tools/make/client.sh
	cargo build --release -p vivarium-host
	exec target/release/vivarium serve --listen 127.0.0.1:$(PORT) --data ./data

dev: ## a server that is rebuilt and restarted on every change: make dev [PORT=8080]
	@tools/make/require.sh run
	@PORT=$(PORT) tools/make/dev.sh

test: ## everything that must hold before a change is taken
	@tools/make/test.sh

test-long: ## what takes longer: servers that are killed 200 times, disks that fail 2,000 times
	VIVARIUM_CRASH_ROUNDS=200 VIVARIUM_DISK_ROUNDS=2000 cargo test -p vivarium-store -- crash disk::
	VIVARIUM_CRASH_ROUNDS=200 cargo test -p vivarium-tests -- whoever_was_told_that_a_change_is_kept

deny: ## licences, banned crates, sources and duplicate versions of dependencies
	@tools/make/require.sh deny
	cargo deny check bans licenses sources

audit: ## known vulnerabilities of dependencies (fetches the advisory database)
	@tools/make/require.sh deny
	cargo deny check advisories

bench: ## criterion benches
	@tools/make/require.sh bench
	cargo bench -p vivarium-benches

bench-peers: ## the crowd beside other libraries: make bench-peers [N=100,300] [LIBRARIES=vivarium] [PROFILE=plain]
	@tools/make/require.sh rust
	@N=$(N) LIBRARIES=$(LIBRARIES) PROFILE=$(PROFILE) tools/make/bench-peers.sh

bench-gateways: ## what gateways before language models add to an answer: ours beside others
	@tools/make/require.sh run
	@tools/make/bench-gateways.sh

fuzz: ## throw bytes at every decoder: make fuzz [FUZZ_SECONDS=20]
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/make/fuzz.sh

client:
	@tools/make/client.sh

clean: ## remove what was built; ./data stays
	cargo clean
	rm -rf client-web/dist client-web/node_modules fuzz/target
