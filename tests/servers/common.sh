# What both database servers of the tests share. Sourced, never run.
#
#   start DIR [PORT|0] [OPTION=VALUE…]   starts the server that lives in DIR and prints its DSN. 0 (the default) picks a
#                                        free port and keeps it for later starts. Starting a running server only prints
#                                        the DSN. Further arguments are server options (max_connections=10).
#   stop DIR                             clean stop, also of a paused server
#   pause DIR · cont DIR                 SIGSTOP and SIGCONT: a server that hangs, and its recovery
#   kill DIR                             SIGKILL: a crash
#   sql DIR [CLIENT ARGUMENTS…]          the server's own client, as its root
#
# Everything of a server (settings, data, socket, log, pid) is in DIR, it listens on 127.0.0.1 only, and signals go to the
# pid that it wrote there. The user qidan (password qidan) may make and drop databases named qidan_*.
#
# The sourcing script defines: prepare (gets the programs), server (runs the server), client, new_data FOLDER, settings.

set -euo pipefail
shopt -s nullglob

cache=${QIDAN_CACHE:-${HOME:-/root}/.cache/qidan}

die() {
    echo "${0##*/}: $*" >&2
    exit 1
}

# The pid of the server in DIR, when it is alive and really is ours (the number could have been given to another process).
pid_of() {
    local pid
    pid=$(cat "$dir/pid" 2>/dev/null) || return 1
    cat "/proc/$pid/cmdline" 2>/dev/null | tr '\0' '\n' | grep -qxF -- "--defaults-file=$dir/my.cnf" && echo "$pid"
}

is_free() {
    ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Ports below the range that the kernel hands out to clients, so that no test's connection can sit on one.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((18000 + RANDOM % 14000))
        if is_free "$port"; then
            echo "$port"
            return
        fi
    done
    die "found no free port"
}

write_settings() {
    local option
    {
        echo "[mysqld]"
        echo "user=$(id -un)"
        echo "datadir=$dir/data"
        echo "socket=$dir/sock"
        echo "pid-file=$dir/pid"
        echo "init-file=$dir/init.sql"
        echo "port=$port"
        # Every commit is on disk before it is answered (a kill -9 must lose nothing), with little memory and few files.
        cat <<'OPTIONS'
bind-address=127.0.0.1
skip-name-resolve=ON
skip-log-bin
character-set-server=utf8mb4
default-time-zone=+00:00
performance-schema=OFF
max-connections=400
max-allowed-packet=64M
innodb-flush-log-at-trx-commit=1
innodb-doublewrite=OFF
innodb-file-per-table=OFF
innodb-buffer-pool-size=128M
OPTIONS
        settings
        for option in "$@"; do echo "$option"; done
    } >"$dir/my.cnf"

    # Run at every start before the first client is let in, so each line must be repeatable.
    cat >"$dir/init.sql" <<'SQL'
CREATE DATABASE IF NOT EXISTS qidan_test CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS qidan@'%' IDENTIFIED BY 'qidan';
GRANT ALL ON `qidan\_%`.* TO qidan@'%';
SQL
}

# An empty data folder is made once per server version and copied from then on: a test gets a server in about a second.
lay_data() {
    local template
    [ ! -d "$dir/data" ] || return 0
    template=$cache/empty-$(version | tr -c 'A-Za-z0-9.\n' _)
    mkdir -p "$cache"
    (
        flock 9
        if [ ! -d "$template" ]; then
            rm -rf "$template.new"
            new_data "$template.new" >"$dir/init.log" 2>&1 || {
                cat "$dir/init.log" >&2
                die "could not make a data folder"
            }
            rm -f "$template.new/auto.cnf" # the server's identity: each copy makes its own
            mv "$template.new" "$template"
        fi
    ) 9>"$cache/lock"
    cp -a --sparse=always "$template" "$dir/data.new"
    mv "$dir/data.new" "$dir/data"
}

dsn() {
    echo "mysql://qidan:qidan@127.0.0.1:$(cat "$dir/port")/qidan_test"
}

start() {
    local wanted=${1:-0} port launched
    shift $(($# > 0 ? 1 : 0))
    [ ${#dir} -le 95 ] || die "$dir: too long for a socket's path (at most 95 characters)"
    if pid_of >/dev/null; then
        dsn
        return
    fi

    prepare >&2
    mkdir -p "$dir"
    port=$wanted
    if [ "$port" = 0 ]; then
        port=$(cat "$dir/port" 2>/dev/null) && is_free "$port" || port=$(free_port)
    fi
    is_free "$port" || die "port $port is taken"
    echo "$port" >"$dir/port"
    write_settings "$@"
    lay_data
    rm -f "$dir"/{pid,sock,sock.lock}

    server --defaults-file="$dir/my.cnf" </dev/null >>"$dir/log" 2>&1 &
    launched=$!
    for _ in {1..900}; do
        if sql --connect-timeout=5 -e 'DO 1' >/dev/null 2>&1; then
            dsn
            return
        fi
        kill -0 "$launched" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$launched" 2>/dev/null || true
    tail -n 30 "$dir/log" >&2
    die "the server in $dir did not start"
}

stop() {
    local pid
    pid=$(pid_of) || return 0
    kill -TERM "$pid"
    kill -CONT "$pid"
    gone || kill -KILL "$pid"
}

gone() {
    for _ in {1..300}; do
        pid_of >/dev/null || return 0
        sleep 0.1
    done
    return 1
}

signal() {
    local pid
    pid=$(pid_of) || die "no server runs in $dir"
    kill "-$1" "$pid"
}

sql() {
    client --no-defaults --user=root --socket="$dir/sock" "$@"
}

main() {
    local verb=${1:-}
    [ $# -ge 2 ] || die "usage: ${0##*/} start|stop|pause|cont|kill|sql DIR …"
    dir=$(realpath -m "$2")
    shift 2
    case $verb in
    start) start "$@" ;;
    stop) stop ;;
    pause) signal STOP ;;
    cont) signal CONT ;;
    kill)
        signal KILL
        gone
        ;;
    sql)
        prepare >&2
        sql "$@"
        ;;
    *) die "no such verb: $verb" ;;
    esac
}
