#pragma once

#include "coroutines.hpp"
#include "otpd/store/redis_store.hpp"
#include "redis_process.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <thread>

namespace otpd::test {

/// The server is started once and emptied for each test; its clock is turned, not waited for.
class redis_backend {
public:
    redis_backend() : store_(loop_.get_executor(), options()) {
        server().ask({"FLUSHALL"});
        auto const unusable = run(context_, store_.start());
        BOOST_REQUIRE_MESSAGE(!unusable, unusable.value_or(""));
        eventually([this] { return run(context_, store_.ping()).has_value(); });
    }
    ~redis_backend() {
        store_.stop();
        work_.reset();
        for (auto& thread : threads_)
            thread.join();
    }

    store::store& get() { return store_; }
    boost::asio::io_context& context() { return context_; }
    void advance(store::duration by) { server().advance(by); }

private:
    static redis_process& server() {
        static redis_process one({.tcp = false, .turned_clock = OTPD_TURNED_CLOCK, .more = {}});
        return one;
    }
    static store::redis_options options() {
        store::redis_options options;
        options.where = store::parse_location(server().url()).value();
        options.connections = 2;
        options.timeout =
            std::chrono::seconds(30); // the contract is about answers, not about delays
        return options;
    }

    boost::asio::io_context context_;
    // The sessions have threads of their own: a test runs `context_` only while it waits for an answer.
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        loop_.get_executor()};
    store::redis_store store_;
    std::vector<std::jthread> threads_ = [this] {
        std::vector<std::jthread> started;
        for (int i = 0; i < 2; ++i)
            started.emplace_back([this] { loop_.run(); });
        return started;
    }();
};

} // namespace otpd::test
