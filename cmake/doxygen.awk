# Turns the plain comments of a header into those that Doxygen reads: a comment on lines of its own belongs
# to what follows, one behind a member to that member. The first comment of a file describes the file.
FNR == 1 && /^\/\*/ { sub(/^\/\*/, "/** @file\n *"); print; next }
/^\/\* ---- .* ----( \*\/)?$/ { section = !/\*\/$/; next }
section { section = !/\*\/$/; next } # about many declarations: the manual has it
/^ *\/\* / { sub(/\/\* /, "/** "); print; next }
/[;,{] *\/\* / && !/^#/ { sub(/\/\* /, "/**< "); print; next }
/^    [A-Za-z_]+ *\/\* / { sub(/\/\* /, "/**< "); print; next }
{ print }
