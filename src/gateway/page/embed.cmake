# cmake -DOUT=FILE "-DFILES=A;B" -P embed.cmake: writes the files as arrays of C, `static const unsigned char
# page_NAME[]`, dots and dashes of the name as underscores.
set(text "/* made by src/gateway/page/embed.cmake */\n")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER page_${name} name)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND text "static const unsigned char ${name}[] = {${bytes}};\n")
endforeach()
file(WRITE ${OUT} "${text}")
