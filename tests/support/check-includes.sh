#!/usr/bin/env bash
# Each library is known to the few files that own it, and functions that overrun their buffers or
# hide their errors are not called at all.
set -euo pipefail
cd "$(dirname "$0")/../.."

# header: the files that may include it, as shell patterns. What is not named here is nobody's.
owners() {
    case $1 in
    mpi.h) echo 'include/course_funnel/ranks_mpi.h' ;;
    ranks_mpi.h) echo 'src/ranks.c src/exchange.c src/reduce.c src/waiting.c tests/mpi/*' ;;
    hdf5.h) echo 'src/image.c' ;;
    cJSON.h) echo 'src/manifest*.c src/store_attempt.c src/store_kept.c src/inspection_json.c src/log.c src/reject_line.c
        src/table_reject.c
        src/run_record.c tests/*' ;;
    libpq-fe.h) echo 'src/postgres_session.h tests/*' ;;
    postgres_session.h) echo 'src/postgres*.c' ;;
    igzip_lib.h) echo 'src/source_gzip.c src/generate_file.c tests/*' ;;
    zip.h) echo 'src/source_zip.c src/generate_archive.c tests/*' ;;
    esac
}

banned='sprintf|vsprintf|strcpy|strcat|strncpy|gets|atoi|atol|atoll|atof|system|alloca'

mapfile -t files < <(find src include tests -name '*.[ch]' | sort)
if [ "${#files[@]}" -eq 0 ]; then
    echo "no C files found" >&2
    exit 1
fi
failed=0

is_owner() {
    local file=$1 pattern
    set -f
    # shellcheck disable=SC2046 # The patterns are words on purpose.
    set -- $(owners "$2")
    set +f
    for pattern; do
        # shellcheck disable=SC2053 # A pattern on purpose.
        [[ $file == $pattern ]] && return 0
    done
    return 1
}

for header in mpi.h ranks_mpi.h hdf5.h cJSON.h libpq-fe.h postgres_session.h igzip_lib.h zip.h; do
    while IFS= read -r file; do
        if ! is_owner "$file" "$header"; then
            echo "$file includes $header, which is not its own (see $0)" >&2
            failed=1
        fi
    done < <(grep -lE "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]([^>\"]*/)?${header}[>\"]" \
        "${files[@]}" || true)
done

if grep -nE "(^|[^A-Za-z0-9_>.\"])($banned)[[:space:]]*\(" "${files[@]}"; then
    echo "these functions are not to be used: $banned" >&2
    failed=1
fi
echo "${#files[@]} files"
exit "$failed"
