#include "otpd/otp/send.hpp"
#include "send/draft_factory.hpp"
#include "send/followup.hpp"
#include "send/send_operation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

asio::awaitable<outcome<sent>> sender::send(send_request request, deadline until) {
    // Spawns a coroutine that cannot be cancelled: if a send ended between admission and
    // settlement, an SMS could be paid for that is not recorded. This is the only such boundary:
    // the functions called from here on need not handle cancellation.
    auto const executor = co_await asio::this_coro::executor;
    auto const uncancellable =
        asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    co_return co_await asio::co_spawn(executor, send_to_the_end(std::move(request), until),
                                      uncancellable);
}

asio::awaitable<outcome<sent>> sender::send_to_the_end(send_request request, deadline until) {
    send_operation operation(parts_, drafts_.make(std::move(request), now_.now(), now_.wall()));
    auto result = co_await operation.run(until);
    if (auto const& event = operation.event())
        co_await follow_up_.follow(operation.state(), *event);
    else
        follow_up_.end(operation.state());
    co_return result;
}

} // namespace otpd::otp
