#pragma once

/// The PostgreSQL store. The server is started once and emptied for each test. Its clock is set, so
/// tests do not wait.

#include "driven_postgres.hpp"
#include "postgres_process.hpp"

namespace otpd::test {

class postgres_backend {
public:
    postgres_backend() : store_(options()) {
        BOOST_REQUIRE_MESSAGE(!store_.unusable(), store_.unusable().value_or(""));
        server().ask("truncate otpd.subject");
    }
    ~postgres_backend() { BOOST_TEST(!store_.failed()); }

    store::backend& get() { return *store_; }
    boost::asio::io_context& context() { return store_.context(); }
    void advance(store::duration by) { server().advance(by); }
    store::duration time_of_day() {
        auto const now =
            server().ask("select floor(extract(epoch from clock_timestamp()))::bigint");
        return std::chrono::seconds(std::stoll(now)) % std::chrono::hours(24);
    }
    std::size_t largest_state() {
        return std::stoul(server().ask("select max(octet_length(state)) from otpd.subject"));
    }
    std::uint64_t commits() { return store_.stats().flights; }

private:
    static postgres_process& server() {
        static postgres_process one(
            postgres_setup{.tcp = false,
                           .turned_clock = OTPD_TURNED_CLOCK,
                           .password = "",
                           // Hours of the server's clock pass in moments here.
                           .more = {"fsync=off", "autovacuum=off", "checkpoint_timeout=1d"}});
        return one;
    }
    static store::postgres_options options() {
        store::postgres_options options;
        options.where = store::parse_location(server().url()).value();
        options.connections = 2;
        options.timeout = hang_limit; // the contract tests answers, not delays
        return options;
    }

    driven_postgres store_;
};

} // namespace otpd::test
