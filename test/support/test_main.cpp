// Compiles Boost.Test once from its single-header form, so that tests need no binary Boost for this
// compiler.
#define BOOST_TEST_MODULE otpd
#include <boost/test/included/unit_test.hpp>
