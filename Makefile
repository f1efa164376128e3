# make help lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
# The programs look for /etc/anomalyd, wherever they are installed themselves.
SYSCONFDIR ?= /etc

SWIFT ?= swift
BUILD := .build/release
PROGRAMS := anomalyd anomalyctl
# The virtual table points, for the sqlite3 shell, Python and others (.load …/points).
LIBRARY := points.so
# Swift brings clang with it.
ifeq ($(origin CC),default)
CC := $(firstword $(shell command -v clang cc))
endif
FUZZ_SECONDS ?= 60
SWIFT_SOURCES := Sources Tests Package.swift Benchmarks/Sources Benchmarks/Package.swift
# Debian's names of what building, testing and the demo need besides Swift.
PACKAGES := libsqlite3-dev libsystemd-dev pkg-config python3 socat sqlite3
# And what making and testing the Debian package needs besides those.
DEB_PACKAGES := dpkg-dev lintian man-db mandoc bash-completion zsh fish

BINDIR = $(PREFIX)/bin
LIBDIR = $(PREFIX)/lib/anomalyd
UNITDIR = $(PREFIX)/lib/systemd/system
CATALOGDIR = $(PREFIX)/lib/systemd/catalog
DROPINDIR = $(PREFIX)/share/doc/anomalyd/drop-ins
# Alert rules for Prometheus, and a dashboard for Grafana.
SHAREDIR = $(PREFIX)/share/anomalyd
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
MANDIR = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := build
.PHONY: help build demo test senders scrape-test browser-test crash lint format check-all fuzz tsan asan soak bench accuracy cold-start initial-model deps deb-deps deb deb-test install uninstall clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s %s\n", $$1, $$2 }' Makefile

build: deps ## Build the programs into .build/release
	@$(SWIFT) build -c release --quiet
	$(MAKE) --no-print-directory $(BUILD)/$(LIBRARY)

# Not by SwiftPM: it may have no symbol of SQLite's, but calls the SQLite of the program that loads it. And what has been
# stored must come back to the bit, so that no product is fused with a sum.
$(BUILD)/$(LIBRARY): $(wildcard Sources/CPoints/*.[ch] Sources/CPoints/include/*.h)
	@$(CC) -std=gnu11 -O2 -ffp-contract=off -fPIC -fvisibility=hidden $(CFLAGS) -ISources/CPoints/include \
	    -shared $(LDFLAGS) $(filter %.c,$^) -o $@ -lm

demo: build ## Find the labelled anomaly of a real series
	@fixtures/demo

# Built by swift build, as swift test would build everything anew with other flags. On Linux, swift test also succeeds
# when it has found no test at all.
test: deps ## Build and run all tests
	@log=$$(mktemp)
	trap 'rm -f "$$log"' EXIT
	$(SWIFT) build -c release --build-tests --quiet
	$(MAKE) --no-print-directory $(BUILD)/$(LIBRARY)
	$(SWIFT) test -c release --skip-build --disable-xctest 2>&1 | tee "$$log"
	if ! grep -Eq 'Test run with [1-9][0-9]* tests?( |$$)' "$$log"; then
	    echo "make test: swift test succeeded without running a single test" >&2
	    exit 1
	fi
	Tests/ServiceTests/run

# What make test does with twenty kills and a sample of the faults. The seed of a run that fails is in its message.
crash: deps ## Kill 200 daemons, and let every fault strike at every I/O operation under SQLite
	@log=$$(mktemp)
	trap 'rm -f "$$log"' EXIT
	$(SWIFT) build -c release --build-tests --quiet
	$(MAKE) --no-print-directory $(BUILD)/$(LIBRARY)
	ANOMALYD_KILLS=200 ANOMALYD_FAULTS=all $(SWIFT) test -c release --skip-build --disable-xctest \
	    --filter 'CrashTests|FaultTests' 2>&1 | tee "$$log"
	grep -E '^(crash|faults): ' "$$log"

lint: ## Check the style of the Swift sources (.swift-format)
	@$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_SOURCES)

format: ## Bring the Swift sources into that style
	@$(SWIFT) format --in-place --parallel --recursive $(SWIFT_SOURCES)

senders: deps ## Test with the programs of others that send: collectd, rsyslog, StatsD clients, exporters
	@$(SWIFT) build -c release --build-tests --quiet
	Tests/Senders/run

scrape-test: deps ## Have a real Prometheus, which it fetches and does not install, scrape the daemon
	@$(SWIFT) build -c release --quiet
	Tests/Scrape/run

browser-test: deps ## Try the report's page and the live one in a headless Chromium (skipped where there is none)
	@$(SWIFT) build -c release --quiet
	Tests/BrowserTests/run

check-all: lint test senders scrape-test browser-test deb-test crash tsan asan ## All that a patch must pass (about an hour)
	@Tests/Fuzz/run --seconds 20
	Benchmarks/soak --minutes 2 --rate 10000 --bound 2
	Benchmarks/service

fuzz: deps ## Fuzz every decoder of foreign bytes (FUZZ_SECONDS=60 for each)
	@Tests/Fuzz/run --seconds $(FUZZ_SECONDS)

tsan: deps ## Run the tests under ThreadSanitizer
	@Tests/Sanitizers/run thread

asan: deps ## Run the tests under AddressSanitizer
	@Tests/Sanitizers/run address

soak: build ## Load the daemon for ten minutes; its memory must not grow
	@Benchmarks/soak

bench: build ## Run the benchmarks
	@Benchmarks/run
	echo
	Benchmarks/decoders
	echo
	Benchmarks/models
	echo
	Benchmarks/store
	echo
	Benchmarks/latency
	echo
	Benchmarks/overload

accuracy: build ## Score the detector on labelled data (ANOMALYD_DATA=DIR, else ../shared)
	@Benchmarks/accuracy
	echo
	Benchmarks/false-alarms

cold-start: build ## Measure what the initial model buys in a stream's first points
	@Benchmarks/cold-start

initial-model: build ## Train the initial model anew and put it into the sources
	@fixtures/initial/train

deps: ## Install the Debian packages that are missing (called by build and test)
	@if ! command -v dpkg-query >/dev/null; then
	    echo "make deps: this is not Debian; needed is what Debian calls $(PACKAGES)" >&2
	    exit 0
	fi
	missing=()
	for package in $(PACKAGES); do
	    dpkg-query -W -f '$${db:Status-Status}\n' "$$package" 2>/dev/null | grep -qx installed || missing+=("$$package")
	done
	(($${#missing[@]})) || exit 0
	fail() {
	    echo "make deps: $$1; as root, run: apt-get install $${missing[*]}" >&2
	    exit 1
	}
	as_root=()
	if ((EUID != 0)); then
	    command -v sudo >/dev/null || fail "cannot install packages: not root, and there is no sudo"
	    as_root=(sudo)
	fi
	as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
	echo "make deps: installing $${missing[*]}"
	"$${as_root[@]}" update || echo "make deps: apt-get update failed; trying with the old lists" >&2
	"$${as_root[@]}" install -y --no-install-recommends "$${missing[@]}" >/dev/null || fail "apt-get failed"

# Not part of deps, which make build calls: most who build need none of it.
deb-deps:
	@$(MAKE) --no-print-directory deps PACKAGES='$(PACKAGES) $(DEB_PACKAGES)'

deb: deb-deps build ## Make a Debian package in .build/deb
	@package=$$(systemd/debian/build)
	lintian --allow-root --fail-on error,warning "$$package"
	echo "$$package"

deb-test: deb-deps build ## Install, upgrade, remove and purge that package under a real systemd
	@Tests/PackageTests/run

# Does not build, so that sudo make install leaves no files of root's in .build.
install: ## Install under DESTDIR and PREFIX (/usr/local) what make build has built
	@for program in $(PROGRAMS); do
	    if [[ ! -x $(BUILD)/$$program || ! -e $(BUILD)/$(LIBRARY) ]]; then
	        echo "make install: $(BUILD)/$$program or $(LIBRARY) is not there; run make build first" >&2
	        exit 1
	    fi
	done
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(UNITDIR)' '$(DESTDIR)$(SYSUSERSDIR)' '$(DESTDIR)$(TMPFILESDIR)' \
	    '$(DESTDIR)$(CATALOGDIR)' '$(DESTDIR)$(DROPINDIR)' '$(DESTDIR)$(SYSCONFDIR)/anomalyd' '$(DESTDIR)$(BASHDIR)' \
	    '$(DESTDIR)$(ZSHDIR)' '$(DESTDIR)$(FISHDIR)'
	install --strip -m 0755 $(PROGRAMS:%=$(BUILD)/%) '$(DESTDIR)$(BINDIR)'
	install -D --strip -m 0644 $(BUILD)/$(LIBRARY) '$(DESTDIR)$(LIBDIR)/$(LIBRARY)'
	for unit in systemd/*.service systemd/*.socket; do
	    name=$$(basename $$unit)
	    instance=$${name%.*}@.$${name##*.}
	    sed 's|/usr/bin/|$(BINDIR)/|g' $$unit | install -m 0644 /dev/stdin '$(DESTDIR)$(UNITDIR)'/$$name
	    sed -f systemd/instance.sed '$(DESTDIR)$(UNITDIR)'/$$name |
	        install -m 0644 /dev/stdin '$(DESTDIR)$(UNITDIR)'/$$instance
	done
	for page in systemd/man/*.[1-8]; do
	    install -D -m 0644 $$page '$(DESTDIR)$(MANDIR)'/man$${page##*.}/$$(basename $$page)
	done
	for program in $(PROGRAMS); do
	    # A shell reads them, and runs none: without #!.
	    script() { $(BUILD)/$$program --generate-completion-script $$1 | sed '1{/^#!/d}'; }
	    script bash | install -m 0644 /dev/stdin '$(DESTDIR)$(BASHDIR)'/$$program
	    script zsh | install -m 0644 /dev/stdin '$(DESTDIR)$(ZSHDIR)'/_$$program
	    script fish | install -m 0644 /dev/stdin '$(DESTDIR)$(FISHDIR)'/$$program.fish
	done
	install -m 0644 systemd/drop-ins/* '$(DESTDIR)$(DROPINDIR)'
	install -D -m 0644 systemd/prometheus/anomalyd.rules.yml '$(DESTDIR)$(SHAREDIR)/prometheus/anomalyd.rules.yml'
	install -D -m 0644 systemd/grafana/anomalyd.json '$(DESTDIR)$(SHAREDIR)/grafana/anomalyd.json'
	install -m 0644 systemd/anomalyd.sysusers '$(DESTDIR)$(SYSUSERSDIR)/anomalyd.conf'
	install -m 0644 systemd/anomalyd.tmpfiles '$(DESTDIR)$(TMPFILESDIR)/anomalyd.conf'
	install -m 0644 systemd/anomalyd.catalog '$(DESTDIR)$(CATALOGDIR)/anomalyd.catalog'
	configuration='$(DESTDIR)$(SYSCONFDIR)/anomalyd/anomalyd.toml'
	if [[ -e $$configuration ]]; then
	    echo "make install: kept $$configuration"
	else
	    install -m 0644 systemd/anomalyd.toml "$$configuration"
	fi
	if [[ -z '$(DESTDIR)' ]]; then
	    echo "Installed. To create the user and start the daemon, run as root:"
	    echo "  systemd-sysusers '$(SYSUSERSDIR)/anomalyd.conf'"
	    echo "  systemd-tmpfiles --create '$(TMPFILESDIR)/anomalyd.conf'"
	    echo "  journalctl --update-catalog"
	    echo "  systemctl daemon-reload"
	    echo "  systemctl enable --now anomalyd"
	fi

uninstall: ## Remove what install installed, but not configuration, data and user
	@rm -f $(PROGRAMS:%='$(DESTDIR)$(BINDIR)/%') '$(DESTDIR)$(LIBDIR)/$(LIBRARY)'
	rmdir --ignore-fail-on-non-empty '$(DESTDIR)$(LIBDIR)' 2>/dev/null || true
	for unit in systemd/*.service systemd/*.socket; do
	    name=$$(basename $$unit)
	    rm -f '$(DESTDIR)$(UNITDIR)'/{$$name,$${name%.*}@.$${name##*.}}
	done
	for page in systemd/man/*.[1-8]; do rm -f '$(DESTDIR)$(MANDIR)'/man$${page##*.}/$$(basename $$page); done
	rm -f $(PROGRAMS:%='$(DESTDIR)$(BASHDIR)/%') $(PROGRAMS:%='$(DESTDIR)$(ZSHDIR)/_%') \
	    $(PROGRAMS:%='$(DESTDIR)$(FISHDIR)/%.fish')
	rm -rf '$(DESTDIR)$(DROPINDIR)' '$(DESTDIR)$(SHAREDIR)'
	rm -f '$(DESTDIR)$(SYSUSERSDIR)/anomalyd.conf' '$(DESTDIR)$(TMPFILESDIR)/anomalyd.conf'
	rm -f '$(DESTDIR)$(CATALOGDIR)/anomalyd.catalog'
	echo "make uninstall: kept $(SYSCONFDIR)/anomalyd, /var/lib/anomalyd, /var/lib/anomalyd-instances and the user anomalyd"

clean: ## Remove what was built, but keep the fetched packages
	@$(SWIFT) package clean
