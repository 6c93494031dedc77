#!/bin/sh
# archive.sh LD OBJCOPY AR ARCHIVE OBJECT...: makes one object of all, without the compiler's data for
# optimising across files, which only this very compiler can use; makes hidden symbols local; archives it.
set -eu
ld=$1 objcopy=$2 ar=$3 archive=$4
shift 4
folder=$(dirname "$archive")
mkdir -p "$folder"
rm -f "$archive"
"$ld" -r -o "$folder/libskad.o" "$@"
"$objcopy" --wildcard --remove-section='.gnu.lto_*' --remove-section='.gnu.debuglto_*' \
  --strip-symbol='__gnu_lto_slim' --strip-symbol='__gnu_lto_v1' --localize-hidden "$folder/libskad.o"
"$ar" qcD "$archive" "$folder/libskad.o"
