#include "otpd/otp/send.hpp"
#include "send/draft_factory.hpp"
#include "send/followup.hpp"
#include "send/hedge_operation.hpp"
#include "send/send_operation.hpp"
#include "to_the_end.hpp"

#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

/// If a send ended between admission and settlement, an SMS could be paid for that is not recorded.
asio::awaitable<outcome<sent>> sender::send(send_request request, deadline until) {
    return run_to_the_end(send_to_the_end(std::move(request), until));
}

asio::awaitable<outcome<sent>> sender::send_to_the_end(send_request request, deadline until) {
    send_operation operation(parts_, drafts_.make(std::move(request), now_.now(), now_.wall()));
    auto result = co_await operation.run(until);
    if (auto const& event = operation.event())
        co_await follow_up_.follow(operation.state(), *event);
    else
        follow_up_.end(operation.state());
    second_message_.watch(operation.state());
    co_return result;
}

} // namespace otpd::otp
