# What `cmake --install` puts where (GNUInstallDirs). Choose CMAKE_INSTALL_PREFIX when you configure:
# the unit names the paths. Settings are in /etc whatever the prefix; those that are there already
# stay as they are.
set(CMAKE_INSTALL_SYSCONFDIR /etc CACHE PATH "Where the settings go")
include(GNUInstallDirs)
set(OTPD_SYSTEMD_UNIT_DIR "lib/systemd/system" CACHE STRING "Where the unit goes, below the prefix or absolute")

# otpd_installed_text(<file> <output> [<old> <new>]...): <output> in the build tree is <file> with
# each <old>, which must be there, replaced.
function(otpd_installed_text file output)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${file}")
  file(READ "${CMAKE_SOURCE_DIR}/${file}" text)
  set(replacements ${ARGN})
  while(replacements)
    list(POP_FRONT replacements old new)
    string(FIND "${text}" "${old}" position)
    if(position LESS 0)
      message(FATAL_ERROR "${file} has no ${old} to replace")
    endif()
    string(REPLACE "${old}" "${new}" text "${text}")
  endwhile()
  file(WRITE "${CMAKE_BINARY_DIR}/installed/${output}" "${text}")
endfunction()

# otpd_install_settings(<component> <file> <folder> <name> <permissions>...)
function(otpd_install_settings component file folder name)
  install(CODE "
    if(EXISTS \"\$ENV{DESTDIR}${folder}/${name}\")
      message(STATUS \"Kept: ${folder}/${name}\")
    else()
      file(INSTALL DESTINATION \"${folder}\" TYPE FILE FILES \"${file}\" RENAME \"${name}\" PERMISSIONS ${ARGN})
    endif()" COMPONENT ${component})
endfunction()

set(etc "${CMAKE_INSTALL_FULL_SYSCONFDIR}")
set(share "${CMAKE_INSTALL_DATADIR}/otpd")
set(doc "${CMAKE_INSTALL_DOCDIR}")
set(installed "${CMAKE_BINARY_DIR}/installed")
otpd_installed_text(deploy/otpd.service otpd.service
  /usr/bin/otpd "${CMAKE_INSTALL_FULL_BINDIR}/otpd" /usr/bin/otpctl "${CMAKE_INSTALL_FULL_BINDIR}/otpctl" /etc/ "${etc}/")
otpd_installed_text(deploy/tmpfiles.conf tmpfiles.conf /etc/ "${etc}/")
# A service keeps what it knows when it is restarted, and has an operator on its machine.
otpd_installed_text(config.toml config.toml "\nurl = \"memory:\"\n" "\nurl = \"sqlite:/var/lib/otpd/otpd.db\"\n"
  "\nsocket = \"\"\n" "\nsocket = \"/run/otpd/otpd.sock\"\n")

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME service)
install(TARGETS otpd otpctl)
install(FILES deploy/completion/otpctl.bash DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
  RENAME otpctl)
install(FILES deploy/completion/_otpctl DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions")
install(FILES "${installed}/otpd.service" DESTINATION "${OTPD_SYSTEMD_UNIT_DIR}")
install(FILES deploy/sysusers.conf DESTINATION lib/sysusers.d RENAME otpd.conf)
install(FILES "${installed}/tmpfiles.conf" DESTINATION lib/tmpfiles.d RENAME otpd.conf)
install(FILES deploy/environment DESTINATION "${share}")
install(FILES README.md SECURITY.md DESTINATION "${doc}")
install(FILES NOTICE DESTINATION "${doc}" RENAME copyright)
install(DIRECTORY docs DESTINATION "${doc}" PATTERN otpd.8 EXCLUDE PATTERN otpctl.1 EXCLUDE)
install(FILES deploy/credentials.conf deploy/haproxy.cfg deploy/valkey.conf DESTINATION "${doc}/examples")
install(DIRECTORY deploy/prometheus deploy/grafana DESTINATION "${doc}/examples")
otpd_install_settings(service "${installed}/config.toml" "${etc}/otpd" config.toml
  OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
# The package does not have these: it makes the first itself, with secrets (deploy/debian/postinst).
otpd_install_settings(unpackaged "${CMAKE_SOURCE_DIR}/deploy/environment" "${etc}/default" otpd
  OWNER_READ OWNER_WRITE GROUP_READ)
install(FILES CHANGELOG.md LICENSE DESTINATION "${doc}" COMPONENT unpackaged)
install(FILES docs/otpd.8 DESTINATION "${CMAKE_INSTALL_MANDIR}/man8" COMPONENT unpackaged)
install(FILES docs/otpctl.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT unpackaged)
