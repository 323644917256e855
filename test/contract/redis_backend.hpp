#pragma once

#include "driven_redis_backend.hpp"
#include "redis_process.hpp"

namespace otpd::test {

/// The Redis store on batches of the engine's steps. The server is started once and emptied for
/// each test. Its clock is set, so tests do not wait.
class redis_backend {
public:
    redis_backend() : store_(options()) {
        BOOST_REQUIRE_MESSAGE(!store_.unusable(), store_.unusable().value_or(""));
        server().ask({"FLUSHALL"});
    }
    ~redis_backend() { BOOST_TEST(!store_.failed()); }

    store::backend& get() { return *store_; }
    boost::asio::io_context& context() { return store_.context(); }
    void advance(store::duration by) { server().advance(by); }
    store::duration time_of_day() {
        auto const now = server().ask({"EVAL", "return redis.call('TIME')[1]", "0"});
        return std::chrono::seconds(std::stoll(now)) % std::chrono::hours(24);
    }
    std::size_t largest_state() {
        return std::stoul(server().ask(
            {"EVAL",
             "local most = 0 for _, key in ipairs(redis.call('KEYS', '*')) do "
             "most = math.max(most, redis.call('STRLEN', key)) end return tostring(most)",
             "0"}));
    }
    std::uint64_t commits() {
        auto const all = server().ask({"INFO", "commandstats"});
        std::string const name = "cmdstat_evalsha:calls=";
        auto const at = all.find(name);
        return at == all.npos ? 0 : std::stoull(all.substr(at + name.size()));
    }

private:
    static redis_process& server() {
        static redis_process one(
            redis_setup{.tcp = false, .turned_clock = OTPD_TURNED_CLOCK, .more = {}});
        return one;
    }
    static store::redis_options options() {
        store::redis_options options;
        options.where = store::parse_location(server().url()).value();
        options.connections = 2;
        options.timeout = hang_limit; // the contract tests answers, not delays
        return options;
    }

    driven_redis_backend store_;
};

} // namespace otpd::test
