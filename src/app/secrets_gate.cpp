#include "secrets_gate.hpp"

namespace otpd::app {

namespace asio = boost::asio;

asio::awaitable<bool> secrets_gate::passes() {
    auto const when = events_.times_ready();
    auto const why = co_await difference();
    if (why && told_when_.exchange(when) != when) log_.error("store_secrets", {{"why", *why}});
    co_return agreed_when_ == when;
}

asio::awaitable<std::optional<std::string>> secrets_gate::difference() {
    auto const when = events_.times_ready();
    auto mine = mine_;
    auto const answer = co_await store_.agree(std::move(mine));
    if (!answer) co_return std::nullopt;
    switch (*answer) {
    case store::agreement::agreed:
        agreed_when_ = when;
        co_return std::nullopt;
    case store::agreement::other_number_key:
        co_return "it was filled under another otp.number_key_secret (or otp.hmac_secret, which it "
                  "is derived from): give every instance the same, or begin with an empty store";
    case store::agreement::unknown_signing_key:
        break;
    }
    co_return "another instance makes codes with an otp.hmac_secret that this one does not know: "
              "give every instance the same, or list it in otp.previous_hmac_secrets";
}

} // namespace otpd::app
