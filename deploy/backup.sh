#!/usr/bin/env bash
# Backs up a running qidan: the database in one consistent state, and the files of the tickets.
#
#   deploy/backup.sh DATABASE_URL DATA_FOLDER DESTINATION
#   deploy/backup.sh mysql://qidan:secret@db:3306/qidan /var/lib/qidan/data /backup
#   deploy/backup.sh sqlite:///var/lib/qidan/data/qidan.db /var/lib/qidan/data /backup
#
# Makes DESTINATION/qidan-<UTC time>/ with database.sql.gz (MySQL) or database.db (SQLite) and data.tar. The folder gets
# that name only when it is complete. The database comes first: files are written before the rows that name them, so a
# later copy of the files has all of them. To restore: load the database, unpack data.tar, then start the service.
# Needs mariadb-dump (Debian: mariadb-client) or sqlite3.
set -euo pipefail
umask 077

die() {
    echo "backup: $*" >&2
    exit 1
}

[ $# = 3 ] || die "usage: backup.sh DATABASE_URL DATA_FOLDER DESTINATION"
url=$1 data=$2
[ -d "$data" ] || die "$data is no folder"
done=$3/qidan-$(date -u +%Y%m%dT%H%M%SZ)
work=$done.partial
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

# %40 in a DSN is an @.
decoded() {
    printf '%b' "${1//%/\\x}"
}

case $url in
mysql://*)
    [[ $url =~ ^mysql://([^:@/]+)(:([^@/]*))?@([^:/]+)(:([0-9]+))?/([^/?]+) ]] || die "cannot read the database URL"
    # The password goes through a file and not the command line, where every user of the machine could read it.
    printf '[client]\nuser="%s"\npassword="%s"\nhost="%s"\nport=%s\n' \
        "$(decoded "${BASH_REMATCH[1]}")" "$(decoded "${BASH_REMATCH[3]}")" "${BASH_REMATCH[4]}" "${BASH_REMATCH[6]:-3306}" >"$work/client.cnf"
    mariadb-dump --defaults-extra-file="$work/client.cnf" --single-transaction --quick --hex-blob --skip-lock-tables \
        --no-tablespaces "${BASH_REMATCH[7]}" | gzip >"$work/database.sql.gz"
    rm "$work/client.cnf"
    ;;
sqlite://*)
    file=${url#sqlite://}
    file=${file%%\?*}
    [ -f "$file" ] || die "$file does not exist"
    sqlite3 "$file" ".timeout 10000" ".backup '$work/database.db'"
    ;;
*) die "the database URL begins with neither mysql:// nor sqlite://" ;;
esac

tar --create --file "$work/data.tar" --directory "$data" --exclude='*.db' --exclude='*.db-wal' --exclude='*.db-shm' \
    --warning=no-file-changed . || [ $? = 1 ] # 1: a file grew while it was read; the database does not name it yet
sync "$work"/*
mv "$work" "$done"
trap - EXIT
echo "$done"
