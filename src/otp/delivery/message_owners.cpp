#include "otpd/otp/message_owners.hpp"

#include "delivery/message_ownership.hpp"
#include "delivery/recent.hpp"
#include "otpd/net/on_strand.hpp"
#include "scope.hpp"
#include "seconds.hpp"

#include <unordered_map>

namespace otpd::otp {

namespace asio = boost::asio;

struct message_owners::impl {
    net::strand strand;
    std::unordered_map<std::string, recent<bool>> ids; ///< by client
};

message_owners::message_owners(asio::any_io_executor executor)
    : impl_(new impl{asio::make_strand(executor), {}}) {}

message_owners::~message_owners() = default;

asio::awaitable<bool> message_owners::remember(std::string client, std::string bx_message_id) {
    auto add = [&] {
        auto const [own, is_new] = impl_->ids.try_emplace(client, each_max);
        return own->second.put(bx_message_id, true);
    };
    co_return co_await net::on_strand(impl_->strand, add);
}

asio::awaitable<bool> message_owners::is_of(std::string client, std::string bx_message_id) const {
    auto look = [&] {
        auto const own = impl_->ids.find(client);
        return own != impl_->ids.end() && own->second.contains(bx_message_id);
    };
    co_return co_await net::on_strand(impl_->strand, look);
}

asio::awaitable<outcome<bool>>
message_ownership::is_of(client const& client, std::string bx_message_id,
                         std::optional<std::string> verification) const {
    if (owners_ != nullptr) {
        bool const known = co_await owners_->is_of(client.name, bx_message_id);
        if (known) co_return true;
    }
    if (!verification) co_return false;
    auto const at = keys_.open(*verification);
    if (!at) co_return false;
    auto const answer = co_await store_.find(*at);
    if (!answer) co_return failure{errc::store_unavailable, retry_soon};
    auto const& found = *answer;
    co_return found && found->scope.starts_with(scope_prefix(client)) && found->sent &&
        found->sent->bx_message_id == bx_message_id;
}

} // namespace otpd::otp
