#pragma once

/// The SMS hooks of identity providers, which make codes and check them; otpd only sends them
/// (docs/identity-providers.md).

#include "otpd/api/authenticator.hpp"
#include "otpd/core/clock.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/http/request.hpp"
#include "otpd/otp/client.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::api {

/// In the order of provider_names.
enum class identity_provider : std::uint8_t { supabase, logto, zitadel, authgear, kratos, generic };
inline constexpr std::array<std::string_view, 6> provider_names{"supabase", "logto",  "zitadel",
                                                                "authgear", "kratos", "generic"};
[[nodiscard]] constexpr std::string_view to_string(identity_provider provider) noexcept {
    return provider_names[static_cast<std::size_t>(provider)];
}

/// Plain data: the operator's settings.
struct hook {
    std::string client; ///< whose settings and limits its codes have
    identity_provider provider{};
    /// is_hook_secret() is true of both. The old one is empty, or still signs.
    secret_string secret;
    secret_string old_secret;
    bool free_text = false; ///< sends the provider's text instead of a template

    /// Settings keys of [[hook]].
    template <class Keys>
    static void declare(Keys keys) {
        using o = hook;
        keys.add("client", &o::client, keys.client_name(),
                 "The client that the codes are sent for, with its limits, routes and budgets.")
            .needed("shop");
        keys.word("provider", &o::provider, provider_names,
                  "Whose requests come to /hooks/CLIENT/PROVIDER.")
            .needed("supabase");
        keys.add("secret", &o::secret, keys.header_secret(),
                 "What the provider signs with: Supabase's v1,whsec_ secret, ZITADEL's signing "
                 "key, Authgear's webhook secret, or the bearer token that Logto, Kratos or a "
                 "generic sender has.")
            .needed("v1,whsec_VGhpcyBpcyBhbiBleGFtcGxlLCBtYWtlIG9uZSE=");
        keys.add("old_secret", &o::old_secret, keys.header_secret(),
                 "The secret before it, while it is being replaced.")
            .like("v1,whsec_VGhpcyBpcyB0aGUgb2xkIG9uZSwgcmVwbGFjZWQ=");
        keys.flag("free_text", &o::free_text,
                  "Whether the provider's own text is sent, with one code and no foreign link, "
                  "instead of a template; if unset: false.")
            .like("false");
    }
};

/// Returns whether a provider can sign with it: base64 of 24 to 64 bytes after "whsec_" for
/// Supabase, where "v1," may come first, and for a generic hook that signs so; otherwise 16 to 1024
/// visible ASCII characters.
[[nodiscard]] bool is_hook_secret(identity_provider provider, std::string_view text);

/// Immutable and thread-safe.
class hooks {
public:
    /// The last two must outlive it. Ignores hooks of clients that do not exist.
    hooks(std::vector<hook> list, authenticator const& clients, clock const& now);

    struct signer {
        hook const* settings = nullptr;
        otp::client const* client = nullptr;
    };
    /// Returns the hook that signed the request; nothing if there is none, if the signature is
    /// missing or wrong, or if it was made more than five minutes from now. Answer all of these
    /// alike.
    [[nodiscard]] std::optional<signer> identify(std::string_view client,
                                                 identity_provider provider,
                                                 http::request const& request) const;

private:
    std::vector<hook> const list_;
    authenticator const& clients_;
    clock const& now_;
};

} // namespace otpd::api
