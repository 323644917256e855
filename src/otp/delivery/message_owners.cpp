#include "otpd/otp/message_owners.hpp"

#include "otpd/net/on_strand.hpp"

#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

class message_owners::impl {
public:
    explicit impl(asio::any_io_executor const& executor) : strand_(asio::make_strand(executor)) {}

    asio::awaitable<bool> remember(std::string client, std::string id) {
        auto add = [&] {
            auto& own = of_[client];
            auto const [place, is_new] = own.ids.insert(std::move(id));
            if (!is_new) return false;
            own.in_order.push_back(&*place); // stays where it is when others come and go
            if (own.in_order.size() > each_max) {
                own.ids.erase(own.ids.find(*own.in_order.front()));
                own.in_order.pop_front();
            }
            return true;
        };
        co_return co_await net::on_strand(strand_, add);
    }

    asio::awaitable<bool> is_of(std::string client, std::string id) const {
        auto look = [&] {
            auto const own = of_.find(client);
            return own != of_.end() && own->second.ids.contains(id);
        };
        co_return co_await net::on_strand(strand_, look);
    }

private:
    struct messages {
        std::unordered_set<std::string> ids;
        std::deque<std::string const*> in_order;
    };

    net::strand strand_;
    std::unordered_map<std::string, messages> of_; ///< by client
};

message_owners::message_owners(asio::any_io_executor executor)
    : impl_(std::make_unique<impl>(executor)) {}

message_owners::~message_owners() = default;

asio::awaitable<bool> message_owners::remember(std::string client, std::string bx_message_id) {
    return impl_->remember(std::move(client), std::move(bx_message_id));
}

asio::awaitable<bool> message_owners::is_of(std::string client, std::string bx_message_id) const {
    return impl_->is_of(std::move(client), std::move(bx_message_id));
}

} // namespace otpd::otp
