#!/bin/sh
# Copies a data directory, also while the service writes: sh backup.sh DATA_DIR COPY
#
# Every event that was acknowledged before the copy began is in it. Run it again with the same COPY to bring that up
# to date: sealed segments are copied once. Why the order matters is in docs/operating.md, "Backup".
set -eu
data=$1
copy=$2
umask 027
[ -d "$data/journal" ] || { echo "backup.sh: $data: there is no store here" >&2; exit 1; }
mkdir -p "$copy/journal" "$copy/segments"

# A journal may be sealed and deleted before its turn comes, or just then.
copy_journal() {
  cp -p "$1" "$copy/journal/" 2>/dev/null || [ ! -e "$1" ] || cp -p "$1" "$copy/journal/"
}

# The bytes of a journal without the zeros at its end, of which there are 256 KiB at most.
used_bytes() {
  size=$(wc -c <"$1")
  last=$(tail -c 524288 "$1" | cmp -l - /dev/zero 2>/dev/null | tail -n 1 | sed 's/^ *\([0-9]*\).*/\1/')
  echo $((size - (size < 524288 ? size : 524288) + ${last:-0}))
}

# The audit trail, to which is only added, and the API keys. A store that never asked for either has none.
if [ -d "$data/audit" ]; then
  mkdir -p "$copy/audit"
  cp -p "$data"/audit/*.audit "$copy/audit/"
fi
[ ! -e "$data/keys.json" ] || cp -p "$data/keys.json" "$copy/keys.json"

for attempt in 1 2 3 4 5; do
  rm -f "$copy"/journal/*.journal "$copy/segments/manifest.json"

  # 1. The journals, oldest first. One that is gone by now was sealed: its segment comes with step 3.
  for journal in "$data"/journal/*.journal; do
    copy_journal "$journal"
    newest=$(basename "$journal" .journal)
  done

  # The newest is written into room of zeros meanwhile, so that a copy of it may lack a block and have a later one. All
  # that is in the first copy was written before the second is begun: of the second stays as much.
  if [ -e "$copy/journal/$newest.journal" ]; then
    bytes=$(used_bytes "$copy/journal/$newest.journal")
    copy_journal "$data/journal/$newest.journal"
    truncate -s "$bytes" "$copy/journal/$newest.journal"
  fi

  # 2. Right after them, the list of the sealed segments. There is none before the first is sealed.
  sealed=0
  if [ -e "$data/segments/manifest.json" ]; then
    cp -p "$data/segments/manifest.json" "$copy/segments/"
    sealed=$(sed -n 's/.*"lastSequence": \([0-9]*\).*/\1/p' "$copy/segments/manifest.json" | tail -n 1)
  fi

  # Between the two, the newest journal that was copied may have been sealed: then a newer one is missing.
  [ "$newest" -gt "$sealed" ] || continue

  # 3. The sealed segments of the list, which never change.
  if [ "$sealed" -gt 0 ]; then
    files=$(sed -n 's/.*"file": "\([^"]*\)".*/\1/p' "$copy/segments/manifest.json")
    for file in $files; do
      [ -e "$copy/segments/$file" ] && continue
      cp -p "$data/segments/$file" "$copy/segments/$file.tmp"
      mv "$copy/segments/$file.tmp" "$copy/segments/$file"
    done
  fi
  sync
  exit 0
done
echo "backup.sh: segments are sealed faster than journals are copied; try again" >&2
exit 1
