#include "otpd/otp/delivery_query.hpp"

#include "delivery/message_ownership.hpp"
#include "upstream_failure.hpp"

#include <utility>

namespace otpd::otp {

namespace {

bool is_final(delivery_view const& view) {
    return view.state == store::delivery::delivered || view.state == store::delivery::failed;
}

} // namespace

boost::asio::awaitable<outcome<delivery_view>>
delivery_query::find(caller caller, std::string bx_message_id,
                     std::optional<std::string> verification_id, deadline until) {
    if (caller.client->is_tenant) {
        auto const own =
            co_await owners_.is_of(*caller.client, bx_message_id, std::move(verification_id));
        if (!own) co_return own.error();
        // The upstream is not asked, so that not even the response time reveals another client's
        // message.
        if (!*own) co_return failure{errc::delivery_not_found};
    }
    auto const known = co_await deliveries_.last_report(bx_message_id);
    if (known && is_final(*known)) co_return *known;
    auto const answer =
        co_await upstream_.get_delivery(std::move(bx_message_id), until.within(timeout_));
    if (!answer && answer.error().why == bridgexapi::reason::not_found)
        co_return failure{errc::delivery_not_found};
    if (!answer) co_return upstream_failure(answer.error());
    co_return view_of(*answer, now_.wall());
}

} // namespace otpd::otp
