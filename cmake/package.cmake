# The Debian package, which script/package builds: what `cmake --install` installs, with the
# changelogs that Debian wants and the maintainer scripts of deploy/debian.
set(OTPD_PACKAGE_RELEASE 1 CACHE STRING "The Debian revision of the package")
set(OTPD_PACKAGE_MAINTAINER "otpd authors <otpd@otpd.invalid>" CACHE STRING "Who built the package: NAME <MAIL>")

string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE "${installed}/changelog.Debian" "otpd (${PROJECT_VERSION}-${OTPD_PACKAGE_RELEASE}) unstable; urgency=medium

  * What has changed is in changelog.gz.

 -- ${OTPD_PACKAGE_MAINTAINER}  ${now}
")
# otpd_install_compressed(<file> <folder> <name>): as Debian wants it, in the package only.
function(otpd_install_compressed file folder name)
  execute_process(COMMAND gzip -9nc "${file}" OUTPUT_FILE "${installed}/${name}")
  install(FILES "${installed}/${name}" DESTINATION "${folder}" COMPONENT debian EXCLUDE_FROM_ALL)
endfunction()
otpd_install_compressed("${installed}/changelog.Debian" "${doc}" changelog.Debian.gz)
otpd_install_compressed("${CMAKE_SOURCE_DIR}/CHANGELOG.md" "${doc}" changelog.gz)
otpd_install_compressed("${CMAKE_SOURCE_DIR}/docs/otpd.8" "${CMAKE_INSTALL_MANDIR}/man8" otpd.8.gz)
otpd_install_compressed("${CMAKE_SOURCE_DIR}/docs/otpctl.1" "${CMAKE_INSTALL_MANDIR}/man1" otpctl.1.gz)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME otpd)
set(CPACK_PACKAGE_CONTACT "${OTPD_PACKAGE_MAINTAINER}")
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};otpd;service;/;${CMAKE_BINARY_DIR};otpd;debian;/")
# /etc and /usr are both of the package.
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE "${OTPD_PACKAGE_RELEASE}")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, systemd")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"otpd is a service that sends one-time passcodes by SMS through BridgeXAPI
and verifies them. The caller chooses the SMS route, sees what it costs and
whether the message arrived. Limits, budgets and a guard against pumped SMS
hold under load and over several instances.

The service needs the key of a BridgeXAPI account, in /etc/default/otpd.")
set(debian "${CMAKE_SOURCE_DIR}/deploy/debian")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${debian}/postinst;${debian}/prerm;${debian}/postrm;${debian}/conffiles")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
