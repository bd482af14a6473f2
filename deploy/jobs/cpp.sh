#!/usr/bin/env bash
# Builds the example of libcairn-dev against the installed library, has it count the words of a file in the cluster, and checks the result.
# usage: cpp.sh FOLDER   (of the cluster fs.defaultFS names)
set -euo pipefail

dfs admin wait --datanodes 1 --timeout 180
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake -S /usr/share/cairn/examples/wordcount -B "$work/build"
cmake --build "$work/build"

awk 'BEGIN { for (i = 0; i < 300000; ++i) print "word" i * i % 499, "and" i % 7 }' > "$work/text"
dfs mkdir -p "$1"
dfs put -f "$work/text" "$1/text"

# "count word", the most frequent first, as the program prints them.
{
  echo "words: $(wc -w < "$work/text")"
  echo "distinct: $(tr ' ' '\n' < "$work/text" | sort -u | wc -l)"
  tr ' ' '\n' < "$work/text" | LC_ALL=C sort | uniq -c | sed 's/^ *//' | LC_ALL=C sort -k1,1nr -k2,2
} > "$work/expected"
"$work/build/wordcount" -top 100000 "$1/text" > "$work/counted"
diff "$work/expected" "$work/counted"
echo "$1/text: $(head -1 "$work/counted"): right"
