#include "otpd/bridgexapi/read_bulkhead.hpp"

#include "otpd/net/single_flight.hpp"

#include <string>
#include <utility>
#include <variant>

namespace otpd::bridgexapi {

namespace asio = boost::asio;

namespace {

/// A fixed number of places with a bounded FIFO queue. It has its own strand.
class places : public std::enable_shared_from_this<places> {
public:
    places(asio::any_io_executor const& executor, std::size_t count, std::size_t queue_max)
        : strand_(asio::make_strand(executor)), free_(count), queue_max_(queue_max) {}

    /// Returns true if the caller got a place and must call leave(), false if there was none by
    /// `until`.
    static asio::awaitable<bool> enter(std::shared_ptr<places> self, deadline until) {
        auto const strand = self->strand_;
        co_return co_await net::run_on(strand, wait(std::move(self), until));
    }
    /// Gives the place to the longest waiter, or marks it as free.
    static asio::awaitable<bool> leave(std::shared_ptr<places> self) {
        auto give = [&self] {
            if (self->queue_.empty())
                ++self->free_;
            else
                self->queue_.give({});
            return true;
        };
        co_return co_await net::on_strand(self->strand_, give);
    }

private:
    static asio::awaitable<bool> wait(std::shared_ptr<places> self, deadline until) {
        if (self->free_ > 0) {
            --self->free_;
            co_return true;
        }
        if (self->queue_.size() >= self->queue_max_) co_return false;
        auto const given = co_await self->queue_.wait(until);
        co_return given.has_value();
    }

    net::strand strand_;
    std::size_t free_;
    std::size_t const queue_max_;
    net::wait_queue<std::monostate> queue_;
};

template <class T>
using flights = net::single_flight<std::string, answer<T>>;

} // namespace

class read_bulkhead::impl {
public:
    impl(asio::any_io_executor const& executor, reader& asked, read_bulkhead_options options)
        : behind(asked), balances(executor), route_lists(executor), price_lists(executor),
          deliveries(executor), estimates(executor), options_(options),
          places_(std::make_shared<places>(executor, options.concurrency_max, options.queue_max)) {}

    template <class T>
    asio::awaitable<answer<T>> ask(flights<T>& among, std::string key,
                                   std::function<asio::awaitable<answer<T>>(deadline)> call,
                                   deadline until) {
        auto question = [this, call = std::move(call)] { return in_turn<T>(call); };
        typename flights<T>::question const asked = std::move(question);
        auto answered = co_await among.get(std::move(key), asked, until);
        if (!answered) co_return failure{reason::timed_out};
        co_return std::move(*answered);
    }

    reader& behind;
    flights<balance> balances;
    flights<std::vector<route>> route_lists;
    flights<std::vector<price>> price_lists;
    flights<delivery_report> deliveries;
    flights<estimate> estimates;

private:
    template <class T>
    asio::awaitable<answer<T>> in_turn(std::function<asio::awaitable<answer<T>>(deadline)> call) {
        auto const until = deadline::in(options_.timeout);
        auto const at = places_;
        bool const entered = co_await places::enter(at, until.within(options_.wait_max));
        if (!entered) co_return failure{reason::pool_exhausted};
        std::optional<answer<T>> result;
        std::exception_ptr thrown;
        try {
            result = co_await call(until);
        } catch (...) {
            thrown = std::current_exception();
        }
        co_await places::leave(at);
        if (thrown) std::rethrow_exception(thrown);
        co_return std::move(*result);
    }

    read_bulkhead_options const options_;
    std::shared_ptr<places> const places_;
};

read_bulkhead::read_bulkhead(asio::any_io_executor executor, reader& behind,
                             read_bulkhead_options options)
    : impl_(std::make_unique<impl>(executor, behind, options)) {}

read_bulkhead::~read_bulkhead() = default;

/// Requests for the same message share one call. The shared key holds the text in memory that is
/// not wiped, so the code in it must be one that nobody gets (otp::estimator).
asio::awaitable<answer<estimate>> read_bulkhead::estimate_cost(sms message, deadline until) {
    auto key = std::to_string(message.route_id) + ' ' + message.to.digits() + ' ' +
               message.caller_id + '\n' + std::string(message.text.reveal());
    auto call = [&by = impl_->behind, message = std::move(message)](deadline limit) {
        return by.estimate_cost(message, limit);
    };
    return impl_->ask<estimate>(impl_->estimates, std::move(key), std::move(call), until);
}

asio::awaitable<answer<balance>> read_bulkhead::get_balance(deadline until) {
    auto call = [&by = impl_->behind](deadline limit) { return by.get_balance(limit); };
    return impl_->ask<balance>(impl_->balances, {}, std::move(call), until);
}

asio::awaitable<answer<std::vector<route>>> read_bulkhead::list_routes(deadline until) {
    auto call = [&by = impl_->behind](deadline limit) { return by.list_routes(limit); };
    return impl_->ask<std::vector<route>>(impl_->route_lists, {}, std::move(call), until);
}

asio::awaitable<answer<std::vector<price>>> read_bulkhead::get_pricing(int route_id,
                                                                       deadline until) {
    auto call = [&by = impl_->behind, route_id](deadline limit) {
        return by.get_pricing(route_id, limit);
    };
    return impl_->ask<std::vector<price>>(impl_->price_lists, std::to_string(route_id),
                                          std::move(call), until);
}

asio::awaitable<answer<delivery_report>> read_bulkhead::get_delivery(std::string bx_message_id,
                                                                     deadline until) {
    auto call = [&by = impl_->behind, bx_message_id](deadline limit) {
        return by.get_delivery(bx_message_id, limit);
    };
    return impl_->ask<delivery_report>(impl_->deliveries, std::move(bx_message_id), std::move(call),
                                       until);
}

asio::awaitable<answer<delivery_page>> read_bulkhead::list_deliveries(delivery_query query,
                                                                      deadline until) {
    return impl_->behind.list_deliveries(std::move(query), until);
}

asio::awaitable<answer<delivery_page>> read_bulkhead::list_order_deliveries(std::string order_id,
                                                                            std::int64_t limit,
                                                                            std::int64_t skip,
                                                                            deadline until) {
    return impl_->behind.list_order_deliveries(std::move(order_id), limit, skip, until);
}

} // namespace otpd::bridgexapi
