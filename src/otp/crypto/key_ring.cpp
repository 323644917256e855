#include "otpd/otp/key_ring.hpp"

#include "crypto/hmac.hpp"
#include "crypto/key_hash_cache.hpp"
#include "crypto/sealer.hpp"
#include "otpd/core/encoding.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace otpd::otp {

namespace {

std::span<std::byte const> bytes_of(secret_string const& secret) {
    return std::as_bytes(std::span(secret.reveal()));
}

/// Derives a separate key for each purpose of a secret (domain separation).
secret_string derive(secret_string const& secret, std::string_view end) {
    auto digest = hmac_sha256(bytes_of(secret))({end});
    std::string key(digest.size(), '\0');
    std::memcpy(key.data(), digest.data(), digest.size());
    wipe(digest);
    return secret_string(std::move(key));
}

struct code_key {
    explicit code_key(secret_string const& secret)
        : stream(bytes_of(derive(secret, "otpd code v1"))) {
        auto const digest = hmac_sha256(bytes_of(secret))({"otpd key id v1"});
        std::memcpy(&id, digest.data(), sizeof id);
    }

    hmac_sha256 stream; ///< generates the bytes from which digits are made
    std::uint32_t id = 0;
};

/// Generates HMACs over the inputs of a code and a counter, as many as needed.
class keyed_bytes final : public random_source {
public:
    keyed_bytes(hmac_sha256 const& key, std::array<std::string_view, 4> const& of)
        : key_(key), of_(of) {}
    ~keyed_bytes() override { wipe(block_); }
    keyed_bytes(keyed_bytes const&) = delete;
    keyed_bytes& operator=(keyed_bytes const&) = delete;

    void fill(std::span<std::byte> bytes) override {
        for (auto& byte : bytes) {
            if (used_ == block_.size()) refill();
            byte = block_[used_++];
        }
    }

private:
    void refill() {
        char const count = static_cast<char>(blocks_++);
        block_ = key_({of_[0], of_[1], of_[2], of_[3], {&count, 1}});
        used_ = 0;
    }

    hmac_sha256 const& key_;
    std::array<std::string_view, 4> const of_;
    hmac_sha256::digest block_{};
    std::size_t used_ = std::tuple_size_v<hmac_sha256::digest>;
    unsigned blocks_ = 0;
};

} // namespace

struct key_ring::keys {
    std::vector<code_key> live; // the current one first
    hmac_sha256 number;
    hmac_sha256 hash;
    hmac_sha256 id;
    hmac_sha256 timeline;
    sealer texts;
    std::unique_ptr<key_hash_cache> kept = std::make_unique<key_hash_cache>();

    /// Encrypts and decrypts. The keystream is used for this random id only.
    void cover(store::verification_address& at) const {
        auto const stream = id({{reinterpret_cast<char const*>(at.id.data()), at.id.size()}});
        for (std::size_t i = 0; i < at.number.size(); ++i)
            at.number[i] ^= stream[i];
    }
};

namespace {

store::key_hash first_half(hmac_sha256::digest const& digest) {
    store::key_hash key;
    std::copy_n(digest.begin(), key.size(), key.begin());
    return key;
}

} // namespace

key_ring::key_ring(secret_string const& current, std::vector<secret_string> const& previous,
                   secret_string const& number_secret) {
    if (current.empty()) throw std::invalid_argument("a key ring needs a current secret");
    auto const& number_root = number_secret.empty() ? current : number_secret;
    std::vector<code_key> live;
    live.emplace_back(current);
    for (auto const& secret : previous) {
        code_key key(secret);
        if (std::ranges::find(live, key.id, &code_key::id) == live.end())
            live.push_back(std::move(key));
    }
    auto const key_for = [&number_root](std::string_view end) {
        return hmac_sha256(bytes_of(derive(number_root, end)));
    };
    keys_ = std::make_unique<keys>(keys{
        std::move(live), key_for("otpd number key v1"), key_for("otpd subject key v1"),
        key_for("otpd verification id v1"), key_for("otpd timeline key v1"), sealer(number_root)});
}

key_ring::~key_ring() = default;
key_ring::key_ring(key_ring&&) noexcept = default;
key_ring& key_ring::operator=(key_ring&&) noexcept = default;

store::number_key key_ring::hash(std::string_view client, phone_number const& number) const {
    return first_half(keys_->number({client, number.digits()}));
}

store::requester key_ring::requester_of(caller const& caller, phone_number const& number) const {
    store::requester by{};
    if (!caller.end_user_address) return by;
    auto const digest = keys_->number(
        {caller.client->name, number.digits(), "requester", *caller.end_user_address});
    std::copy_n(digest.begin(), by.size(), by.begin());
    return by;
}

std::optional<store::device_hash> key_ring::device_of(caller const& caller,
                                                      phone_number const& number) const {
    if (!caller.device) return std::nullopt;
    auto const digest =
        keys_->number({caller.client->name, number.digits(), "device", caller.device->reveal()});
    store::device_hash device;
    std::copy_n(digest.begin(), device.size(), device.begin());
    return device;
}

std::string key_ring::binding_of(std::string_view client, phone_number const& number,
                                 std::vector<variable> const& variables) const {
    if (variables.empty()) return {};
    // Names and values hold no line break, so different variables give different texts.
    std::string text;
    for (auto const& [name, value] : variables)
        text.append(name).append("=").append(value).append("\n");
    return to_hex(hash({"variables", client, number.digits(), text}));
}

store::key_hash key_ring::hash(std::initializer_list<std::string_view> fields) const {
    return first_half(keys_->hash(fields));
}

store::key_hash key_ring::cached_hash(std::initializer_list<std::string_view> what) const {
    return keys_->kept->get(what, [this](auto const& fields) { return hash(fields); });
}

pseudonym key_ring::pseudonym_of(std::initializer_list<std::string_view> fields) const {
    auto const digest = keys_->timeline(fields);
    pseudonym name;
    std::copy_n(digest.begin(), name.size(), name.begin());
    return name;
}

std::string key_ring::seal(store::verification_address const& at) const {
    auto sealed = at;
    keys_->cover(sealed);
    return to_hex(sealed.id) + to_hex(sealed.number);
}

std::optional<store::verification_address> key_ring::open(std::string_view text) const {
    store::verification_address at;
    auto const half = 2 * at.id.size();
    if (text.size() != 2 * half || !from_hex(text.substr(0, half), at.id) ||
        !from_hex(text.substr(half), at.number))
        return std::nullopt;
    keys_->cover(at);
    return at;
}

store::code_seed key_ring::make_seed(std::size_t length, random_source& random) const {
    store::code_seed seed;
    seed.key_id = keys_->live.front().id;
    random.fill(seed.nonce);
    seed.length = static_cast<std::uint8_t>(length);
    return seed;
}

std::optional<passcode> key_ring::code_of(store::code_seed const& seed, std::string_view client,
                                          purpose const& purpose,
                                          phone_number const& number) const {
    auto const key = std::ranges::find(keys_->live, seed.key_id, &code_key::id);
    bool const is_length =
        passcode::min_length <= seed.length && seed.length <= passcode::max_length;
    if (key == keys_->live.end() || !is_length) return std::nullopt;
    std::string_view const nonce(reinterpret_cast<char const*>(seed.nonce.data()),
                                 seed.nonce.size());
    keyed_bytes bytes(key->stream, {client, purpose.name(), number.digits(), nonce});
    return passcode::generate(seed.length, bytes);
}

std::string key_ring::seal_text(store::verification_id const& id, std::string_view text,
                                random_source& random) const {
    return keys_->texts.seal(id, text, random);
}

std::optional<std::string> key_ring::open_text(store::verification_id const& id,
                                               std::string_view sealed) const {
    return keys_->texts.open(id, sealed);
}

std::vector<std::uint32_t> key_ring::key_ids() const {
    std::vector<std::uint32_t> ids;
    for (auto const& key : keys_->live)
        ids.push_back(key.id);
    return ids;
}

store::shared_secrets key_ring::secrets() const {
    return store::shared_secrets{.number_key = first_half(keys_->number({"fingerprint"})),
                                 .signing_key = keys_->live.front().id,
                                 .known = key_ids()};
}

} // namespace otpd::otp
