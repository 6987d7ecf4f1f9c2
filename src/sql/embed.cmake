# cmake -DOUT=FILE.c -DFILES=a.sql;b.sql -P embed.cmake
# Writes each SQL file as a constant text, sql_NAME, for sql_texts.h.
set(code "#include \"course_funnel/sql_texts.h\"\n")
foreach(path ${FILES})
    get_filename_component(name ${path} NAME_WE)
    file(READ ${path} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND code "\nconst char sql_${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUT} "${code}")
