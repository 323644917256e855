// Boost.Redis, compiled once for the whole build.
#include <boost/redis/src.hpp>
