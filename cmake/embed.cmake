# otpd_embed(<target> <name> <file>...): compiles files into <target> as otpd::web::<name>(), see cmake/embed_file.cmake.
