// kill -9 under load, of the service and of its store's server: everything that was answered holds
// afterwards, and no number gets a second SMS.

#include "integration/service/killed_service.hpp"
#include "scenario.hpp"
#include "support/postgres_process.hpp"
#include "support/test_stores.hpp"

using namespace otpd::test;

namespace {

struct on_postgres {
    postgres_process server;
    [[nodiscard]] environment settings() const {
        return {{"OTPD_STORE_URL", server.url()},
                {"OTPD_STORE_TIMEOUT_MS", "5000"},
                {"OTP_HMAC_SECRET", test_hmac_secret}};
    }
};

constexpr std::size_t all = 50;
constexpr std::size_t few = 2;

template <class Store>
void kill_the_service(std::string const& name) {
    scenario what{name, "kill -9 of the service under load: what was answered holds"};
    Store const store;
    killed_service(store.settings()).kill_and_check(rounds(all, few));
    what.add_rounds(rounds(all, few));
}

template <class Store>
void kill_the_server(std::string const& name) {
    scenario what{name, "kill -9 of the store's server under load: what was answered holds"};
    Store store;
    killed_service(store.settings()).kill_and_check(store.server, rounds(all, few));
    what.add_rounds(rounds(all, few));
}

} // namespace

BOOST_AUTO_TEST_SUITE(killed_store)

BOOST_AUTO_TEST_CASE(sqlite_loses_nothing_with_the_service) {
    kill_the_service<on_sqlite>("SQLite");
}
BOOST_AUTO_TEST_CASE(redis_loses_nothing_with_the_service) {
    kill_the_service<on_redis>("Redis");
}
BOOST_AUTO_TEST_CASE(postgres_loses_nothing_with_the_service) {
    kill_the_service<on_postgres>("PostgreSQL");
}
BOOST_AUTO_TEST_CASE(redis_loses_nothing_with_its_server) {
    kill_the_server<on_redis>("Redis server");
}
BOOST_AUTO_TEST_CASE(postgres_loses_nothing_with_its_server) {
    kill_the_server<on_postgres>("PostgreSQL server");
}

BOOST_AUTO_TEST_SUITE_END()
