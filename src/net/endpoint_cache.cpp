#include "endpoint_cache.hpp"

#include "otpd/net/run_on.hpp"

#include <boost/asio/post.hpp>

namespace otpd::net {

namespace asio = boost::asio;

look_up_function system_resolver(asio::any_io_executor const& executor) {
    using resolver = asio::ip::tcp::resolver;
    auto const shared = std::make_shared<resolver>(asio::make_strand(executor));
    return [shared](std::string const& host, std::uint16_t port, looked_up_handler done) {
        auto handler = [shared, done = std::move(done)](boost::system::error_code ec,
                                                        resolver::results_type const& results) {
            endpoints found;
            for (auto const& entry : results)
                found.push_back(entry.endpoint());
            done(ec, std::move(found));
        };
        shared->async_resolve(host, std::to_string(port), resolver::numeric_service,
                              std::move(handler));
    };
}

endpoint_cache::endpoint_cache(asio::any_io_executor const& executor, std::string host,
                               std::uint16_t port, look_up_function look_up,
                               endpoint_cache_options options)
    : strand_(asio::make_strand(executor)), look_up_(std::move(look_up)), host_(std::move(host)),
      port_(port), options_(options) {
    boost::system::error_code ec;
    auto const address = asio::ip::make_address(host_, ec);
    if (ec) return;
    known_.emplace_back(address, port_);
    fixed_ = true;
}

asio::awaitable<endpoints> endpoint_cache::get(deadline until) {
    if (fixed_) co_return known_;
    co_return co_await run_on(strand_, get_here(shared_from_this(), until));
}

asio::awaitable<endpoints>
endpoint_cache::get_here([[maybe_unused]] std::shared_ptr<endpoint_cache> self, deadline until) {
    look_up_if_due();
    if (!known_.empty() || !looking_up_) co_return known_;

    co_await waiting_.wait(until);
    co_return known_;
}

void endpoint_cache::look_up_if_due() {
    auto const now = std::chrono::steady_clock::now();
    if (looking_up_ || now < next_look_up_) return;
    looking_up_ = true;
    auto done = [self = shared_from_this()](boost::system::error_code ec, endpoints found) {
        auto report = [self, ec, found = std::move(found)]() mutable {
            self->looked_up(ec, std::move(found));
        };
        asio::post(self->strand_, std::move(report));
    };
    look_up_(host_, port_, std::move(done));
}

void endpoint_cache::looked_up(boost::system::error_code ec, endpoints found) {
    looking_up_ = false;
    bool const good = !ec && !found.empty();
    if (good) known_ = std::move(found); // a failed look-up keeps the last good answer
    next_look_up_ =
        std::chrono::steady_clock::now() + (good ? options_.refresh_after : options_.retry_after);
    waiting_.give_all({});
}

} // namespace otpd::net
