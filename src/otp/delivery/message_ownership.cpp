#include "delivery/message_ownership.hpp"

#include "scope.hpp"
#include "seconds.hpp"

namespace otpd::otp {

boost::asio::awaitable<outcome<bool>>
message_ownership::is_of(client const& from, std::string bx_message_id,
                         std::optional<std::string> verification) const {
    if (owners_ != nullptr) {
        bool const known = co_await owners_->is_of(from.name, bx_message_id);
        if (known) co_return true;
    }
    if (!verification) co_return false;
    auto const at = keys_.open(*verification);
    if (!at) co_return false;
    auto const answer = co_await store_.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    auto const& found = *answer;
    co_return found && found->slot.starts_with(scope_prefix(from)) && found->sent &&
        found->sent->bx_message_id == bx_message_id;
}

} // namespace otpd::otp
