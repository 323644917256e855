# otpd_embed(<target> <path>=<file>...): compiles the files into <target>, where otpd::web::assets()
# lists them under their paths. embed_files.cmake does so at build time, whenever a file has
# changed.
function(otpd_embed target)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/${target}_files")
  set(source "${directory}/assets.cpp")
  list(TRANSFORM ARGN REPLACE "^[^=]*=" "" OUTPUT_VARIABLE files)
  set(script "${CMAKE_SOURCE_DIR}/cmake/embed_files.cmake")
  add_custom_command(
    OUTPUT "${source}"
    COMMAND "${CMAKE_COMMAND}" "-Ddirectory=${directory}" "-Dassets=${ARGN}" -P "${script}"
    DEPENDS ${files} "${script}"
    COMMENT "Embedding the web files of ${target}"
    VERBATIM)
  target_sources(${target} PRIVATE "${source}")
endfunction()

# otpd_npm_packages(<variable> <directory>): installs what <directory>/package-lock.json pins into
# the build tree and sets <variable> to its node_modules, or to "" if npm is missing or cannot reach
# its registry. Runs once per lock file.
function(otpd_npm_packages variable directory)
  set(${variable} "" PARENT_SCOPE)
  find_program(OTPD_NPM npm)
  if(NOT OTPD_NPM)
    message(NOTICE "No npm: the API reference page will be a plain listing")
    return()
  endif()
  set(prefix "${CMAKE_BINARY_DIR}/npm")
  set(stamp "${prefix}/installed.sha256")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${directory}/package-lock.json")
  file(SHA256 "${directory}/package-lock.json" wanted)
  set(installed "")
  if(EXISTS "${stamp}")
    file(READ "${stamp}" installed)
  endif()
  if(NOT installed STREQUAL wanted)
    message(NOTICE "Getting the npm packages that web/package-lock.json pins")
    file(REMOVE "${stamp}")
    file(COPY "${directory}/package.json" "${directory}/package-lock.json" "${directory}/.npmrc" DESTINATION "${prefix}")
    execute_process(COMMAND "${OTPD_NPM}" ci --loglevel=error WORKING_DIRECTORY "${prefix}"
      RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE errors TIMEOUT 180)
    if(NOT result EQUAL 0)
      message(NOTICE "npm ci failed, so the API reference page will be a plain listing; npm said: ${errors}")
      return()
    endif()
    file(WRITE "${stamp}" "${wanted}")
  endif()
  set(${variable} "${prefix}/node_modules" PARENT_SCOPE)
endfunction()
