#include "otpd/api/authenticator.hpp"

#include "otpd/http/credentials.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <stdexcept>

namespace otpd::api {

namespace {

std::vector<credential> one_client(secret_string const& token) {
    std::vector<credential> list(1);
    if (!token.empty()) list.front().tokens.push_back(token.digest());
    return list;
}

} // namespace

authenticator::authenticator(std::vector<credential> credentials) {
    for (auto& credential : credentials) {
        auto const& profile = clients_.emplace_back(std::move(credential.profile));
        for (auto const& digest : credential.tokens)
            tokens_.push_back(known_token{digest, &profile});
    }
    std::ranges::sort(tokens_, {}, &known_token::digest);
    if (std::ranges::adjacent_find(tokens_, {}, &known_token::digest) != tokens_.end())
        throw std::invalid_argument("two API clients have the same token");
    if (tokens_.empty() && clients_.size() == 1) everybody_ = &clients_.front();
}

authenticator::authenticator(secret_string const& token) : authenticator(one_client(token)) {}

otp::client const* authenticator::identify(http::request const& request) const {
    if (everybody_ != nullptr) return everybody_;
    auto const token = http::bearer_token(request);
    if (!token) return nullptr;
    auto const given = digest_of(*token);
    auto const found = std::ranges::lower_bound(tokens_, given, {}, &known_token::digest);
    if (found == tokens_.end() ||
        CRYPTO_memcmp(given.data(), found->digest.data(), given.size()) != 0)
        return nullptr;
    return found->of;
}

otp::client const* authenticator::find(std::string_view name) const noexcept {
    auto const found = std::ranges::find(clients_, name, &otp::client::name);
    return found == clients_.end() ? nullptr : &*found;
}

std::vector<known_client> authenticator::clients() const {
    std::vector<known_client> list;
    for (auto const& client : clients_)
        list.push_back({client, static_cast<std::size_t>(
                                    std::ranges::count(tokens_, &client, &known_token::of))});
    return list;
}

} // namespace otpd::api
