#!/bin/sh
# A PostgreSQL backup of Supplyline: the cluster, verified, and after it the attachments.
#
#   backup.sh FOLDER ATTACHMENTS [DAYS]
#
# Makes FOLDER/<instant>/ with `base` and `attachments`, and removes backups older than DAYS (14).
# The order matters: an attachment's file is there before its row, so a copy of the files that is
# taken after the rows lacks none of them. The key file is not in it: keep that one elsewhere.
set -eu
folder=$1 attachments=$2 days=${3:-14}
PATH=$PATH:/usr/lib/postgresql/15/bin
name=$(date -u +%Y-%m-%dT%H%M%SZ)
part=$folder/.$name.part
trap 'rm -rf "$part"' EXIT
mkdir -p "$part"
pg_basebackup -D "$part/base" -X stream -c fast
pg_verifybackup -q "$part/base"
cp -a "$attachments" "$part/attachments"
sync
mv "$part" "$folder/$name"
find "$folder" -mindepth 1 -maxdepth 1 -type d -name '20*Z' -mtime "+$days" -exec rm -rf {} +
echo "$folder/$name"
