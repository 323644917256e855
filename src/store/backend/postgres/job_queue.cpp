#include "backend/postgres/job_queue.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>

#include <optional>
#include <utility>

namespace otpd::store::postgres {

namespace asio = boost::asio;

struct job_queue::entry {
    job work;
    asio::steady_timer ended; ///< cancelled when there is a result
    std::optional<bool> result = std::nullopt;

    void end(bool is_done) {
        result = is_done;
        ended.cancel();
    }
};

asio::awaitable<bool> job_queue::run(net::strand const& strand, job work) {
    entry own{std::move(work), asio::steady_timer(strand, steady_time::max())};
    entries_.push_back(&own);
    while (!own.result)
        co_await own.ended.async_wait(asio::as_tuple(asio::deferred));
    co_return *own.result;
}

asio::awaitable<bool> job_queue::do_next(connection& connection) {
    auto& next = *entries_.front();
    entries_.pop_front();
    bool const is_done = co_await next.work(connection);
    next.end(is_done);
    co_return connection.is_open();
}

void job_queue::refuse_all() {
    for (auto* const one : std::exchange(entries_, {}))
        one->end(false);
}

} // namespace otpd::store::postgres
