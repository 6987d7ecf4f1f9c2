# cmake -DOUT=FILE.c "-DFILES=a.sql;b.txt" -P embed.cmake
# Writes each file as a constant text: NAME.sql is sql_NAME, NAME.txt is NAME. Who uses one declares it.
set(code "")
foreach(path ${FILES})
    get_filename_component(name ${path} NAME_WE)
    if(path MATCHES "[.]sql$")
        string(PREPEND name sql_)
    endif()
    file(READ ${path} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND code "extern const char ${name}[];\nconst char ${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUT} "${code}")
