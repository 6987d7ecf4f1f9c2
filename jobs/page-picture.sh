#!/usr/bin/env bash
# Make jobs/page.png, the picture of the page in the README, out of a sample export.
set -euo pipefail

usage() {
    cat <<'EOF'
usage: jobs/page-picture.sh [PNG]

Makes a sample export, its marts and their page with build/release/course-funnel, and takes a picture
of the top of the page with Chromium (jobs/install-deps.sh --tests). PNG is jobs/page.png where none is
named.
EOF
}

case ${1:-} in
--help) usage; exit 0 ;;
-*) usage >&2; exit 2 ;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
program=${COURSE_FUNNEL:-$top/build/release/course-funnel}
picture=${1:-$top/jobs/page.png}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

"$program" generate --out "$work/export" --events 1200000 --courses 1 --lessons 14 >"$work/log"
"$program" rebuild --from "$work/export" --to "$work/marts" --rejects "$work/rejects" \
    >>"$work/log" 2>&1
"$program" report --from "$work/marts" --html "$work/page.html" >>"$work/log"
chromium --headless --no-sandbox --disable-gpu --disable-background-networking --no-first-run \
    --disable-component-update --disable-sync --hide-scrollbars --force-color-profile=srgb \
    --user-data-dir="$work/profile" --force-device-scale-factor=0.75 --window-size=1280,1390 --screenshot="$work/page.png" \
    "file://$work/page.html" >>"$work/log" 2>&1
bytes=$(stat -c %s "$work/page.png")
if [ "$bytes" -gt 200000 ]; then
    echo "page-picture.sh: the picture has $bytes bytes, and is to have 200,000 at most" >&2
    exit 1
fi
cp "$work/page.png" "$picture"
echo "$picture: $bytes bytes"
