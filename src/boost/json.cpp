// Boost.JSON, compiled once for the whole build (BOOST_JSON_NO_LIB: not the distribution's binary).
#include <boost/json/src.hpp>
