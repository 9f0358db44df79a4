#!/usr/bin/env bash
# Runs the tests, step by step, cheapest first. `make` knows the modes by the same names:
#
#   all      everything; what CI runs            quick    what takes a moment, before every commit
#   bench    the benchmarks on every database    schema   declared tables against migrated ones
#
# bench takes --quick (a minute and a half instead of five) and --write (put the table into both READMEs).
#
# Each step prints its name and its seconds. The log of a step that fails is shown, the other steps still run, and the
# last line says how many tests passed and failed, over all runners. Logs stay in target/test-logs.
set -uo pipefail
cd "$(dirname "$(realpath "$0")")/.." || exit

target=${CARGO_TARGET_DIR:-target}
logs=target/test-logs
ran=target/tests-ran.txt
limit=2400 # seconds that one step may take before it counts as hung
place=$(mktemp -d "${TMPDIR:-/tmp}/qidan-test.XXXXXX")

passed=0
failed=0
number=0
child=
failures=()

export NO_COLOR=1 CARGO_TERM_COLOR=never npm_config_update_notifier=false

finish() {
    trap '' INT TERM
    # `timeout` leads a process group of its own and passes the signal on, so a broken-off step leaves nothing behind.
    [ -z "$child" ] || kill -TERM "$child" 2>/dev/null
    stop_servers
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step NAME COMMAND…: runs the command with its output in a log.
step() {
    local name=$1 began=$SECONDS
    shift
    number=$((number + 1))
    log=$logs/$(printf '%02d-%s' "$number" "${name//[^A-Za-z0-9]/-}").log
    printf '== %s\n' "$name"
    timeout --kill-after=10 "$limit" "$@" </dev/null >"$log" 2>&1 &
    child=$!
    wait "$child"
    local code=$?
    child=
    if [ $code = 0 ]; then
        printf '   ok, %d s\n' $((SECONDS - began))
        return 0
    fi
    failures+=("$name")
    printf '   FAILED (exit %d) after %d s; what stands out in %s, and its end:\n' $code $((SECONDS - began)) "$log"
    # Whoever reads may be given only the first part of what a run printed.
    grep -nE -m 40 '^\s*[✖×]|\.\.\. FAILED$|panicked at|^error|(Assertion|Reference|Timeout)Error|^[A-Za-z]*Error' "$log" | sed 's/^/   > /'
    tail -n 100 "$log" | sed 's/^/   | /'
    return 1
}

# suite RUNNER NAME COMMAND…: a step that runs tests, which are counted. A suite that runs none has failed.
suite() {
    local runner=$1 name=$2 code=0 good bad
    shift 2
    step "$name" "$@" || code=1
    read -r good bad < <(node tests/check/tally.mjs "$runner" "$log" "$ran") || good=0 bad=0
    passed=$((passed + good))
    failed=$((failed + bad))
    printf '   %d passed, %d failed\n' "$good" "$bad"
    if [ $code = 0 ] && [ "$good" = 0 ]; then
        failures+=("$name: ran no test")
        code=1
    fi
    # Something broke outside the tests (a build, a crash): it must show in the closing line.
    [ $code = 0 ] || [ "$bad" != 0 ] || failed=$((failed + 1))
    return $code
}

# check NAME COMMAND…: a step without tests of its own; its failure counts as one.
check() {
    step "$@" || failed=$((failed + 1))
}

start_server() {
    local kind=$1
    step "Start $kind" tests/servers/"$kind" start "$place/$kind" || {
        failed=$((failed + 1))
        return 1
    }
    dsn=$(grep -m 1 '^mysql://' "$log")
}

stop_servers() {
    local kind
    for kind in mariadb mysql9; do
        [ ! -d "$place/$kind" ] || tests/servers/"$kind" stop "$place/$kind"
    done
}

# The test programs that talk to MySQL when QIDAN_TEST_MYSQL names one, each from its own folder as cargo would run it.
# Started directly, because asking cargo for a few rooms only would build their dependencies once more.
mysql_suites() {
    cargo test --locked --workspace --no-run 2>&1 | tee /dev/stderr | sed -n 's/.*Executable .*(\(.*\))$/\1/p' >"$place/programs"
    local program room folder code=0
    while read -r program; do
        room=${program##*/}
        room=${room%-*}
        case $room in
        it) folder=. ;;
        *) folder=src/$room ;;
        esac
        # A room's tests use the switch themselves, or by way of the shared test_db.
        [ "$room" = it ] || grep -rqsE 'QIDAN_TEST_MYSQL|test_db' "$folder" || continue
        echo "     Running $room ($program)"
        program=$(realpath "$program")
        (cd "$folder" && CARGO_MANIFEST_DIR=$PWD "$program") || code=1
    done <"$place/programs"
    return $code
}

# The document that the program prints is the one that is committed.
openapi_is_current() {
    "$target/debug/qidan" openapi | diff -u tests/golden/openapi.json - || {
        echo "tests/golden/openapi.json is not what the program prints; run make golden"
        return 1
    }
}

# In the browser, against the program with a database of its own.
browser_tests() {
    cd tests/browser || return 1
    QIDAN_BIN=$(realpath "../../$target/debug/qidan") QIDAN_CHROMIUM=${QIDAN_CHROMIUM:-$(command -v chromium)} \
        node --test --test-reporter=spec --test-concurrency=1 ./*.test.mjs
}

# The same on a server, without the looks on every screen.
browser_stories() {
    export QIDAN_TEST_MYSQL_CLIENT="$PWD/tests/servers/mysql9 sql $place/mysql9"
    browser_tests
}

licences() {
    if cargo deny --version >/dev/null 2>&1; then
        check "Licences and bans (cargo-deny)" cargo deny --offline check licenses bans sources
    else
        printf '== Licences and bans\n   not run: cargo-deny is not installed (deny.toml is its input)\n'
    fi
}

# within FUNCTION [FUNCTIONS IT CALLS…]: `step` runs commands under `timeout`, which knows no shell functions: these go
# through a shell that does.
within() {
    printf '%s' "cd '$PWD'; target='$target'; place='$place'; $(declare -f "$@"); $1"
}

style() {
    check "Rust format" cargo fmt --all --check
    check "Repository rules" node tests/check/words.mjs
    check "Web lint" npm --prefix web run lint
    check "Web format" npm --prefix web run format:check
    check "Web types" npm --prefix web run types
    check "Web API types" npm --prefix web run api:check
}

clippy() {
    check "Clippy" cargo clippy --locked --workspace --all-targets -- -D warnings
}

on_each_server() {
    local kind dsn
    for kind in mariadb mysql9; do
        start_server "$kind" || continue
        QIDAN_TEST_MYSQL=$dsn "$@" "$kind"
        tests/servers/"$kind" stop "$place/$kind"
    done
}

stories_on() {
    suite cargo "Tests on $1" bash -c "$(within mysql_suites)"
    [ "$1" != mysql9 ] || suite node "Browser stories on $1" bash -c "$(within browser_stories browser_tests)"
}

schema_on() {
    suite cargo "Schema on $1" cargo test --locked --test it schema
}

# A benchmark in the foreground, with its figures kept. `timeout` passes a signal on to everything that was started.
figures() {
    timeout --kill-after=10 "$limit" "$target/release/bench" --results "$place/figures" "$@" </dev/null &
    child=$!
    wait "$child" || failed=$((failed + 1))
    child=
}

bench_on() {
    printf '== Benchmarks on %s\n' "$1"
    QIDAN_TEST_MYSQL_PID=$(cat "$place/$1/pid") figures "${options[@]}"
}

all() {
    check "Set up" deploy/setup.sh test
    style
    suite vitest "Web unit tests" npm --prefix web run test -- --reporter=verbose
    check "Web build" npm --prefix web run build
    check "Web size" npm --prefix web run size
    clippy
    suite cargo "Rust tests, SQLite" cargo test --locked --workspace --no-fail-fast
    on_each_server stories_on
    suite node "Browser tests" bash -c "$(within browser_tests)"
    check "Documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps
    check "Generated files" bash -c "$(within openapi_is_current)"
    licences
    check "Capabilities" node tests/check/capabilities.mjs "$ran"
    grep -h '^capabilities:' "$log"
}

quick() {
    style
    check "Capabilities" node tests/check/capabilities.mjs
    clippy
    suite cargo "Unit tests" cargo test --locked --workspace --lib
}

schema() {
    check "Set up" deploy/setup.sh test
    suite cargo "Schema on SQLite" cargo test --locked --test it schema
    on_each_server schema_on
}

# The pages' figures, which a browser measures.
page_figures() {
    QIDAN_BIN=$(realpath "$target/release/qidan") QIDAN_CHROMIUM=${QIDAN_CHROMIUM:-$(command -v chromium)} \
        node tests/browser/pages.bench.mjs "${options[@]}" | "$target/release/bench" --results "$place/figures" --take
}

bench() {
    check "Set up" deploy/setup.sh test
    check "Web build" npm --prefix web run build
    check "Build" cargo build --locked --release --workspace
    printf '== Benchmarks on SQLite\n'
    QIDAN_TEST_MYSQL='' figures "${options[@]}"
    printf '== Benchmarks of the pages\n'
    QIDAN_TEST_MYSQL='' page_figures || failed=$((failed + 1))
    on_each_server bench_on
    printf '== All figures\n'
    figures --table "${readmes[@]}"
}

mode=${1:-all}
options=()
readmes=()
case "$mode ${*:2}" in
"all " | "quick " | "schema " | "bench ") ;;
"bench --quick") options=(--quick) ;;
"bench --write") readmes=(--write README.md README.zh-CN.md) ;;
*)
    echo "usage: tests/run.sh all|quick|schema|bench [--quick|--write]" >&2
    exit 2
    ;;
esac
rm -rf "$logs" "$ran"
mkdir -p "$logs"

$mode

echo
for failure in "${failures[@]}"; do echo "failed: $failure"; done
[ ! -f "$ran" ] || sed -n 's/^failed /failed: /p' "$ran" | sort -u
echo "$mode: $number steps in $SECONDS s"
echo "$passed passed, $failed failed"
[ $failed = 0 ] && [ ${#failures[@]} = 0 ]
