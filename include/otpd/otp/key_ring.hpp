#pragma once

/// The keys that stand between the store and the codes: whoever reads the store learns neither a
/// code nor a number (OWASP ASVS 11.2.2; NIST SP 800-63B-4 3.1.1.2).

#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/store/shared_secrets.hpp"
#include "otpd/store/store.hpp"

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// Immutable but for what it remembers; every member may be called from any thread.
class key_ring {
public:
    /// `current` makes codes; those of `previous` still verify. `number_secret` keys the hash of
    /// numbers and must stay the same while codes or limits are to be found again; empty: derived
    /// from `current`. A key's id is derived from the key itself, so keys need no names and may be
    /// listed in any order. Throws std::invalid_argument when `current` is empty,
    /// std::runtime_error when OpenSSL fails.
    key_ring(secret_string const& current, std::vector<secret_string> const& previous,
             secret_string const& number_secret);
    ~key_ring();
    key_ring(key_ring&&) noexcept;
    key_ring& operator=(key_ring&&) noexcept;

    /// Of a number as one client's: what is kept under it is that client's alone.
    [[nodiscard]] store::number_key hash(std::string_view client, phone_number const& number) const;

    /// Of anything else that something is counted for: its kind, then what it is. Never that of a
    /// number.
    [[nodiscard]] store::key_hash hash(std::initializer_list<std::string_view> fields) const;

    /// The same for one of which there are few in all (clients of the configuration, countries): it
    /// is worked out once. Fields have less than 128 characters.
    [[nodiscard]] store::key_hash cached_hash(std::initializer_list<std::string_view> fields) const;

    /// Where a verification is kept, as the id that callers see: its random id, then its number's
    /// hash, enciphered with a keystream made of the random id. So a store needs no index by id,
    /// and whoever sees two ids cannot tell whether they are of one number. 64 lower-case
    /// hexadecimal digits, of which the first 32 are random.
    [[nodiscard]] std::string seal(store::verification_address const& at) const;
    /// Nothing unless `text` has that form; one that was never sealed leads nowhere.
    [[nodiscard]] std::optional<store::verification_address> open(std::string_view text) const;

    /// A fresh one for a code of `length` digits, under the current key.
    [[nodiscard]] store::code_seed make_seed(std::size_t length, random_source& random) const;

    /// The code of a seed: HMAC-SHA-256 under the seed's key over length-prefixed client, purpose,
    /// number and nonce, turned into digits so that every code is equally likely. Nothing when the
    /// ring has not the key.
    [[nodiscard]] std::optional<passcode> code_of(store::code_seed const& seed,
                                                  std::string_view client, purpose const& purpose,
                                                  phone_number const& number) const;

    /// What the instances of one store have to have in common.
    [[nodiscard]] store::shared_secrets secrets() const;

private:
    struct keys;
    std::unique_ptr<keys> keys_;
};

} // namespace otpd::otp
