#include "otpd/net/endpoint_cache.hpp"

#include "otpd/net/run_on.hpp"

#include <boost/asio/bind_executor.hpp>

namespace otpd::net {

namespace asio = boost::asio;

endpoint_cache::endpoint_cache(asio::any_io_executor executor, std::string host, std::uint16_t port,
                               endpoint_cache_options options)
    : strand_(asio::make_strand(executor)), resolver_(executor), host_(std::move(host)),
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

    asio::steady_timer wake_up(strand_, until.at());
    struct registration {
        std::list<asio::steady_timer*>& list;
        std::list<asio::steady_timer*>::iterator place;
        ~registration() { list.erase(place); }
    };
    registration const entry{waiting_, waiting_.insert(waiting_.end(), &wake_up)};
    co_await wake_up.async_wait(asio::as_tuple(asio::deferred));
    co_return known_;
}

void endpoint_cache::look_up_if_due() {
    auto const now = std::chrono::steady_clock::now();
    if (looking_up_ || now < next_look_up_) return;
    looking_up_ = true;
    auto done = [self = shared_from_this()](boost::system::error_code ec,
                                            asio::ip::tcp::resolver::results_type const& results) {
        self->looked_up(ec, results);
    };
    resolver_.async_resolve(host_, std::to_string(port_), asio::ip::tcp::resolver::numeric_service,
                            asio::bind_executor(strand_, std::move(done)));
}

void endpoint_cache::looked_up(boost::system::error_code ec,
                               asio::ip::tcp::resolver::results_type const& results) {
    looking_up_ = false;
    bool const found = !ec && !results.empty();
    // The last good answer stays in use when a refresh fails.
    if (found) {
        known_.clear();
        for (auto const& entry : results)
            known_.push_back(entry.endpoint());
    }
    next_look_up_ =
        std::chrono::steady_clock::now() + (found ? options_.refresh_after : options_.retry_after);
    for (auto* waiter : waiting_)
        waiter->cancel();
}

} // namespace otpd::net
