#include "send/challenges.hpp"

#include "otpd/core/encoding.hpp"
#include "otpd/core/secret.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace otpd::otp {

namespace {

constexpr std::chrono::minutes token_lifetime{10};
/// Longer than a token's life by any instance's clock that is less than ten minutes off.
constexpr std::chrono::minutes longest_left = 2 * token_lifetime;

constexpr std::size_t nonce_size = 16;
constexpr std::size_t end_size = sizeof(std::int64_t); // in seconds of Unix time
constexpr std::size_t mac_size = sizeof(store::key_hash);

/// A nonce, the end, and a MAC over both and over whom the token is for.
using token_bytes = std::array<std::byte, nonce_size + end_size + mac_size>;

std::string_view view_of(std::span<std::byte const> bytes) {
    return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

store::key_hash mac_of(token_bytes const& token, send_draft const& draft, key_ring const& keys) {
    return keys.hash({"challenge", draft.request.caller.client->name, draft.request.to.digits(),
                      view_of(draft.by), view_of(std::span(token).first<nonce_size + end_size>())});
}

} // namespace

std::string challenges::make(send_draft const& draft, wall_time now) const {
    token_bytes token{};
    std::int64_t const end =
        std::chrono::ceil<std::chrono::seconds>(now + token_lifetime).time_since_epoch().count();
    random_.fill(std::span(token).first<nonce_size>());
    std::memcpy(token.data() + nonce_size, &end, end_size);
    auto const mac = mac_of(token, draft, keys_);
    std::memcpy(token.data() + nonce_size + end_size, mac.data(), mac_size);
    return to_hex(token);
}

std::optional<store::solved_challenge> challenges::open(send_draft const& draft) const {
    token_bytes token{};
    if (!draft.request.challenge_token || !from_hex(*draft.request.challenge_token, token))
        return std::nullopt;
    auto const mac = mac_of(token, draft, keys_);
    if (!equal_constant_time(view_of(std::span(token).last<mac_size>()), view_of(mac)))
        return std::nullopt;
    std::int64_t end = 0;
    std::memcpy(&end, token.data() + nonce_size, end_size);
    auto const left = std::chrono::sys_seconds(std::chrono::seconds(end)) - draft.began_at;
    if (left <= wall_time::duration::zero() || left > longest_left) return std::nullopt;
    return store::solved_challenge{mac, longest_left};
}

} // namespace otpd::otp
