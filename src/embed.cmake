# cmake -DOUT=FILE.c -DHEADER=h -DFILES=a.sql;b.sql -P embed.cmake
# Writes each SQL file as a constant text, sql_NAME, as the header tells.
set(code "#include \"${HEADER}\"\n")
foreach(path ${FILES})
    get_filename_component(name ${path} NAME_WE)
    file(READ ${path} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND code "\nconst char sql_${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUT} "${code}")
