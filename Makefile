# The commands of this repository; `make help` lists them.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift

# Flags added to every Swift build. CI passes -Xswiftc -warnings-as-errors, which the package
# manager applies to this package's own targets and not to its dependencies.
SWIFT_FLAGS ?=
export SWIFT_FLAGS

PROGRAM := .build/release/tidings
SWIFT_SOURCES := Package.swift $(wildcard Sources Tests)
BENCHES := $(addprefix .build/bench/, pipe_driver pipe_echo sqlite_limit mongo_limit)

.PHONY: help demo build test soak soak-coherence soak-live fuzz sanitize bench bench-clients bench-instructions bench-chart dist docs generate format lint install clean dependencies

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: build ## build, then hold a real conversation with the program on a temporary file
	@.ci/demo $(PROGRAM)

build: dependencies ## build the program: .build/release/tidings, the Swift runtime linked in
	$(SWIFT) build --configuration release --product tidings --static-swift-stdlib $(SWIFT_FLAGS)

test: build ## run every test: Swift's, then those that host the program from Python
	@.ci/dependencies tests
	@TIDINGS_BIN="$(CURDIR)/$(PROGRAM)" .ci/test

soak: build ## a million requests with cancels, batches, doubled ids and kills; SOAK='--seed N' repeats one
	@TIDINGS_BIN="$(CURDIR)/$(PROGRAM)" python3 Tests/Process/soak.py $(SOAK)

soak-coherence: build ## random runs of two processes on each store, compared with the model; SOAK='--seed N' repeats some
	@TIDINGS_BIN="$(CURDIR)/$(PROGRAM)" python3 Tests/Model/coherence.py $(SOAK)

soak-live: build ## followers of inboxes on each store, while processes and servers are killed and stand still; SOAK='--seed N'
	@TIDINGS_BIN="$(CURDIR)/$(PROGRAM)" $(or $(wildcard .build/venv/bin/python),python3) Tests/Model/live.py $(SOAK)

fuzz: dependencies ## look for inputs that break something: FUZZ_SECONDS=600 for each of FUZZ_TARGETS
	@.ci/fuzz

sanitize: dependencies ## run Swift's tests under ThreadSanitizer, then under AddressSanitizer
	@.ci/dependencies tests
	@.ci/sanitize

bench: build $(BENCHES) ## measure the program beside the same work in C, and its peers (BENCH="--only mongodb": that table)
	@.ci/dependencies bench
	@python3 Tests/Benchmarks/bench $(BENCH) --program $(PROGRAM) --tools .build/bench
	$(if $(BENCH),,@$(MAKE) --no-print-directory bench-clients bench-chart)

bench-clients: build ## the part of the bench that measures what the clients for Python and Node cost
	@.ci/dependencies generate
	@python3 Tests/Benchmarks/clients --program $(PROGRAM)

bench-instructions: build ## the part of the bench that counts instructions, which no noise moves
	@.ci/dependencies bench
	@Tests/Benchmarks/instructions --mongodb --program $(PROGRAM)

# A peer that can't be had is left out, with a sentence.
bench-chart: build .build/bench/pipe_driver ## the part of the bench that draws peers beside it; CHART=--keep writes what README shows
	@.ci/dependencies bench
	@.ci/dependencies peers || true
	@Tests/Benchmarks/inboxes $(CHART) --program $(PROGRAM) --tools .build/bench

.build/bench/mongo_limit: BENCH_FLAGS = $(shell pkg-config --cflags --libs libmongoc-1.0) -lpthread
.build/bench/pipe_driver: Tests/Benchmarks/requests.h
.build/bench/%: Tests/Benchmarks/%.c
	@.ci/dependencies bench
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -Wall -Wextra -o $@ $< $(or $(BENCH_FLAGS),-lsqlite3 -lm)

generate: build ## write anew what follows from the contract: the document, its reference, the clients' types
	@.ci/dependencies generate
	@.ci/generate $(PROGRAM)

dist: build ## pack the program for hosts that have nothing, in .build/dist: wheels and npm tarballs
	@.ci/dependencies dist
	@.ci/dist $(PROGRAM) .build/dist

docs: ## build the documentation as a website, in .build/docs (DOCS='--hosting-base-path tidings')
	@python3 Tests/Documentation/website.py .build/docs $(DOCS)

format: ## rewrite the Swift files in the house style
	$(SWIFT) format --in-place --recursive --parallel $(SWIFT_SOURCES)

lint: ## check style, and the rules that a formatter does not know
	@.ci/dependencies lint
	@.ci/lint

# Builds nothing: it often runs as another user than the one who has the toolchain.
install: ## copy what was built to PREFIX/bin, its symbols to .debug beside it (PREFIX=/usr/local, DESTDIR=)
	@test -x $(PROGRAM) || { echo "Nothing to install: run make build first" >&2; exit 1; }
	install -d "$(DESTDIR)$(PREFIX)/bin/.debug"
	objcopy --only-keep-debug $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/.debug/tidings.debug"
	chmod 644 "$(DESTDIR)$(PREFIX)/bin/.debug/tidings.debug"
	install -m 755 $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/tidings"
	objcopy --strip-all --add-gnu-debuglink="$(DESTDIR)$(PREFIX)/bin/.debug/tidings.debug" "$(DESTDIR)$(PREFIX)/bin/tidings"

dependencies: ## install the Debian packages that the build needs, or say which they are
	@.ci/dependencies

clean: ## remove everything that was built
	rm -rf .build .build-fuzz .build-thread .build-address
