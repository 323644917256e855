// Boost.Test, compiled once from its single-header form: the tests then need no test library of the
// right compiler.
#define BOOST_TEST_MODULE otpd
#include <boost/test/included/unit_test.hpp>
