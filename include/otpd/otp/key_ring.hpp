#pragma once

/// The keys that separate the store from the codes: a reader of the store learns neither codes nor
/// numbers (OWASP ASVS 11.2.2; NIST SP 800-63B-4 3.1.1.2).

#include "otpd/core/passcode.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/purpose.hpp"
#include "otpd/core/random.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/otp/caller.hpp"
#include "otpd/otp/message.hpp"
#include "otpd/otp/verification_event.hpp"
#include "otpd/store/shared_secrets.hpp"
#include "otpd/store/store.hpp"

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpd::otp {

/// Immutable except for its caches. All members are thread-safe.
class key_ring {
public:
    /// `current` makes new codes; `previous` keys still verify old ones. `number_secret` keys the
    /// hash of numbers and must stay the same while existing codes or limits are needed; empty:
    /// derived from `current`. Key ids are derived from the keys, so keys have no names and may be
    /// listed in any order. Throws std::invalid_argument if `current` is empty, std::runtime_error
    /// if OpenSSL fails.
    key_ring(secret_string const& current, std::vector<secret_string> const& previous,
             secret_string const& number_secret);
    ~key_ring();
    key_ring(key_ring&&) noexcept;
    key_ring& operator=(key_ring&&) noexcept;

    /// Hashes a number together with the client, so that clients share no state.
    [[nodiscard]] store::number_key hash(std::string_view client, phone_number const& number) const;

    /// Returns who asks about the number as a stranger: the end user's address, or the client
    /// itself if the caller has none. The store replaces it with the device if that is known.
    [[nodiscard]] store::requester requester_of(caller const& caller,
                                                phone_number const& number) const;

    /// Hashes the caller's device together with client and number, so that the store links no two
    /// numbers by it. Returns nullopt for a caller without one.
    [[nodiscard]] std::optional<store::device_hash> device_of(caller const& caller,
                                                              phone_number const& number) const;

    /// Hashes the variables that a code is bound to together with client and number, for
    /// scope_of(). Returns an empty text for none.
    [[nodiscard]] std::string binding_of(std::string_view client, phone_number const& number,
                                         std::vector<variable> const& variables) const;

    /// Hashes any other limit key: its kind, then its value. The result never equals the hash of a
    /// number.
    [[nodiscard]] store::key_hash hash(std::initializer_list<std::string_view> fields) const;

    /// Hashes a number for what counts it over all clients.
    [[nodiscard]] store::key_hash hash(phone_number const& number) const {
        return hash({"number", number.digits()});
    }

    /// Returns the same hash from a cache, for keys of which there are few (configured clients,
    /// countries). Each field must be shorter than 128 characters.
    [[nodiscard]] store::key_hash cached_hash(std::initializer_list<std::string_view> fields) const;

    /// Returns a pseudonym for the timeline, under a key of its own: it equals no hash in the
    /// store.
    [[nodiscard]] pseudonym pseudonym_of(std::initializer_list<std::string_view> fields) const;

    /// Returns the verification id that callers see: the random id, then the number's hash,
    /// encrypted with a keystream that is derived from the random id. So a store needs no index by
    /// id, and two ids do not reveal whether they belong to one number. 64 lower-case hexadecimal
    /// digits; the first 32 are random.
    [[nodiscard]] std::string seal(store::verification_address const& at) const;
    /// Returns nullopt unless `text` has that form. An id that seal() never made leads to no
    /// verification.
    [[nodiscard]] std::optional<store::verification_address> open(std::string_view text) const;

    /// Returns a random seed for a code of `length` digits, with the current key.
    [[nodiscard]] store::code_seed make_seed(std::size_t length, random_source& random) const;

    /// Derives the code of a seed: HMAC-SHA-256 with the seed's key over the length-prefixed
    /// client, purpose, number and nonce, mapped to digits so that all codes are equally likely.
    /// Returns nullopt if the ring lacks the key.
    [[nodiscard]] std::optional<passcode> code_of(store::code_seed const& seed,
                                                  std::string_view client, purpose const& purpose,
                                                  phone_number const& number) const;

    /// Encrypts what the store keeps of an open send or a webhook (crypto/sealer.hpp), under a key
    /// that depends on the number secret and on the id.
    [[nodiscard]] std::string seal_text(store::verification_id const& id, std::string_view text,
                                        random_source& random) const;
    /// Returns nullopt if it was sealed under another secret, or for another id.
    [[nodiscard]] std::optional<std::string> open_text(store::verification_id const& id,
                                                       std::string_view sealed) const;

    /// Returns the ids of all keys that codes can be derived with.
    [[nodiscard]] std::vector<std::uint32_t> key_ids() const;

    /// Returns what the instances of one store must have in common.
    [[nodiscard]] store::shared_secrets secrets() const;

private:
    struct keys;
    std::unique_ptr<keys> keys_;
};

} // namespace otpd::otp
